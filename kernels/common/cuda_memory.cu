#include "kernels/common/cuda_memory.h"

#include <cuda_runtime.h>

#include "kernels/common/launch.h"

namespace cloze {

CudaOutOfMemory::CudaOutOfMemory(int64_t asked_for, int64_t are_free, int64_t in_all)
    : CudaError("cannot allocate " + std::to_string(asked_for >> 20) + " MiB of GPU memory: " +
                std::to_string(are_free >> 20) + " of " + std::to_string(in_all >> 20) + " MiB are free"),
      asked(asked_for),
      free(are_free),
      total(in_all) {}

void* cuda_allocate(int64_t bytes) {
  void* memory = nullptr;
  const cudaError_t error = cudaMalloc(&memory, static_cast<size_t>(bytes));
  if (error == cudaErrorMemoryAllocation) {
    static_cast<void>(cudaGetLastError());  // or the next launch would report it
    size_t free = 0, total = 0;
    check_cuda(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
    throw CudaOutOfMemory(bytes, static_cast<int64_t>(free), static_cast<int64_t>(total));
  }
  check_cuda(error, "cudaMalloc");
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
  check_cuda(cudaStreamSynchronize(device.stream), "cudaStreamSynchronize");
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
