#include "kernels/common/cuda.h"

#include <cuda_runtime.h>

#include <map>
#include <mutex>
#include <utility>

#include "kernels/common/launch.h"

namespace cloze {
namespace {

__global__ void probe_kernel() {}

// What kernels were allowed of dynamic shared memory, by the number of the device.
std::mutex allowed_mutex;
std::map<std::pair<int, const void*>, int64_t> allowed;

}  // namespace

void check_cuda(cudaError_t error, const char* call) {
  if (error != cudaSuccess) throw CudaError(std::string(call) + ": " + cudaGetErrorString(error));
}

void ask_for_shared_memory(const void* kernel, int64_t bytes) {
  int device = 0;
  check_cuda(cudaGetDevice(&device), "cudaGetDevice");
  const std::lock_guard lock(allowed_mutex);
  int64_t& most = allowed[{device, kernel}];
  if (bytes <= most) return;
  check_cuda(
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes)),
      "cudaFuncSetAttribute");
  most = bytes;
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
