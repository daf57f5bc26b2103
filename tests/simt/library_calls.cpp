// The calls of the CUDA runtime that kernels/linear/matmul_cublaslt.cpp makes, as the toolkit declares them.
#include "tests/simt/library_calls.h"

#include <cuda_runtime_api.h>

#include "tests/simt/streams.h"

using namespace cloze::simt;

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  return static_cast<cudaError_t>(library_malloc(pointer, bytes));
}
cudaError_t cudaFree(void* pointer) {
  return static_cast<cudaError_t>(library_free(pointer));
}
cudaError_t cudaMemsetAsync(void* target, int byte, size_t bytes, cudaStream_t stream) {
  return static_cast<cudaError_t>(library_memset(target, byte, bytes, stream));
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return static_cast<cudaError_t>(library_synchronize(stream));
}
cudaError_t cudaStreamIsCapturing(cudaStream_t, cudaStreamCaptureStatus* status) {
  *status = capturing() ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}
cudaError_t cudaGetLastError() {
  return cudaSuccess;
}
const char* cudaGetErrorString(cudaError_t) {
  return "an error of the emulated runtime";
}
