#include "kernels/common/cuda_memory.h"

#include <cuda_runtime.h>

#include "kernels/common/launch.h"

namespace cloze {

void* cuda_allocate(int64_t bytes) {
  void* memory = nullptr;
  const cudaError_t error = cudaMalloc(&memory, static_cast<size_t>(bytes));
  if (error != cudaSuccess)
    throw CudaError("cannot allocate " + std::to_string(bytes >> 20) +
                    " MiB of GPU memory: " + cudaGetErrorString(error) +
                    "; see `cloze plan` for where memory goes; smaller micro-batches need less");
  return memory;
}

void cuda_free(void* memory) noexcept {
  static_cast<void>(cudaFree(memory));
}

void cuda_clear(Cuda& device, void* memory, int64_t bytes) {
  check_cuda(cudaMemsetAsync(memory, 0, static_cast<size_t>(bytes), device.stream), "cudaMemsetAsync");
}

void cuda_copy_in(Cuda& device, void* target, const void* source, int64_t bytes) {
  check_cuda(
      cudaMemcpyAsync(target, source, static_cast<size_t>(bytes), cudaMemcpyHostToDevice, device.stream),
      "cudaMemcpyAsync");
}

void cuda_copy_within(Cuda& device, void* target, const void* source, int64_t bytes) {
  check_cuda(
      cudaMemcpyAsync(target, source, static_cast<size_t>(bytes), cudaMemcpyDeviceToDevice, device.stream),
      "cudaMemcpyAsync");
}

void cuda_copy_out(Cuda& device, void* target, const void* source, int64_t bytes) {
  check_cuda(
      cudaMemcpyAsync(target, source, static_cast<size_t>(bytes), cudaMemcpyDeviceToHost, device.stream),
      "cudaMemcpyAsync");
  check_cuda(cudaStreamSynchronize(device.stream), "cudaStreamSynchronize");
}

}  // namespace cloze
