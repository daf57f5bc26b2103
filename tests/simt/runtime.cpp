// The calls of the CUDA runtime that Cloze makes, on the emulator's device memory. Streams run at once.
#include <cuda_runtime.h>

#include <cstring>

#include "tests/simt/memory.h"

using cloze::simt::device_memory;
using cloze::simt::Region;

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  if (cloze::simt::capturing()) return cudaErrorStreamCaptureUnsupported;
  *pointer = device_memory().allocate(bytes);
  return cudaSuccess;
}

cudaError_t cudaFree(void* pointer) {
  return pointer == nullptr || device_memory().free(pointer) ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaMemcpyAsync(void* target, const void* source, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t) {
  if (cloze::simt::capturing()) return cudaErrorStreamCaptureUnsupported;  // Cloze copies between graphs only
  const auto size = static_cast<int64_t>(bytes);
  const auto on_device = [size](const void* address) {
    const Region* region = device_memory().find(address);
    return region != nullptr && region->holds(address, size);
  };
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if ((to_device && !on_device(target)) || (from_device && !on_device(source))) return cudaErrorInvalidValue;
  std::memcpy(target, source, bytes);
  if (to_device) device_memory().find(target)->mark_written(target, size);
  return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* target, int byte, size_t bytes, cudaStream_t) {
  Region* region = device_memory().find(target);
  const auto size = static_cast<int64_t>(bytes);
  if (region == nullptr || !region->holds(target, size)) return cudaErrorInvalidValue;
  cloze::simt::run_or_record([=] {
    std::memset(target, byte, bytes);
    region->mark_written(target, size);
  });
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t) {
  return cudaSuccess;
}
cudaError_t cudaGetLastError() {
  return cudaSuccess;
}
const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorInvalidValue:
      return "invalid argument";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorStreamCaptureUnsupported:
      return "operation not permitted when stream is capturing";
  }
  return "unknown error";
}

cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}

// A small device of the newest supported kind: few multiprocessors, so that loops over a grid go round.
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  switch (attribute) {
    case cudaDevAttrMultiProcessorCount:
      *value = 2;
      break;
    case cudaDevAttrComputeCapabilityMajor:
      *value = 9;
      break;
    case cudaDevAttrComputeCapabilityMinor:
      *value = 0;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = 227 * 1024;
      break;
  }
  return cudaSuccess;
}
