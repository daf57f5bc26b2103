#include "kernels/common/cuda.h"

#include <cuda_runtime.h>

#include "kernels/common/launch.h"

namespace cloze {
namespace {

__global__ void probe_kernel() {}

}  // namespace

void check_cuda(cudaError_t error, const char* call) {
  if (error != cudaSuccess) throw CudaError(std::string(call) + ": " + cudaGetErrorString(error));
}

Cuda current_cuda_device(CUstream_st* stream) {
  int device = 0;
  check_cuda(cudaGetDevice(&device), "cudaGetDevice");
  const auto attribute = [device](cudaDeviceAttr which) {
    int value = 0;
    check_cuda(cudaDeviceGetAttribute(&value, which, device), "cudaDeviceGetAttribute");
    return value;
  };
  Cuda result;
  result.stream = stream;
  result.multiprocessors = attribute(cudaDevAttrMultiProcessorCount);
  result.compute_capability =
      10 * attribute(cudaDevAttrComputeCapabilityMajor) + attribute(cudaDevAttrComputeCapabilityMinor);
  result.shared_bytes = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin);
  return result;
}

bool kernels_fit_device() {
  cudaFuncAttributes attributes;
  const bool fit = cudaFuncGetAttributes(&attributes, probe_kernel) == cudaSuccess;
  if (!fit) static_cast<void>(cudaGetLastError());
  return fit;
}

}  // namespace cloze
