#pragma once

#include <cuda_runtime.h>

namespace cloze {

// The dynamic shared memory of the block, aligned to 128 bytes.
template <typename T>
__device__ T* dynamic_shared_memory() {
#if defined(__CUDACC__)
  extern __shared__ __align__(128) unsigned char cloze_dynamic_shared_memory[];
  return reinterpret_cast<T*>(cloze_dynamic_shared_memory);
#else
  return static_cast<T*>(simt::dynamic_shared_memory());
#endif
}

}  // namespace cloze
