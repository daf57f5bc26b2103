#include <cuda_runtime.h>

#include "tests/simt/library_calls.h"

namespace cloze::simt {

int library_malloc(void** pointer, size_t bytes) {
  return cudaMalloc(pointer, bytes);
}
int library_free(void* pointer) {
  return cudaFree(pointer);
}
int library_memset(void* target, int byte, size_t bytes, CUstream_st* stream) {
  return cudaMemsetAsync(target, byte, bytes, stream);
}
int library_synchronize(CUstream_st* stream) {
  return cudaStreamSynchronize(stream);
}

}  // namespace cloze::simt
