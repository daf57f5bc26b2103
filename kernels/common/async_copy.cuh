#pragma once

#include <cuda_runtime.h>

#include <cstdint>

// cp.async (sm_80 and later): 16 bytes from global to shared memory, past the registers. A copy is there once
// its group was waited for; for other threads, after a barrier as well.
namespace cloze {

// Both addresses aligned to 16 bytes; zeros where `copied` is false, and `global` is then not read.
__device__ inline void copy_async(void* shared, const void* global, bool copied) {
#if defined(__CUDACC__)
  const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(shared));
  const int bytes = copied ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(global), "r"(bytes)
               : "memory");
#else
  simt::copy_async_16(shared, global, copied);
#endif
}

// Ends a group of copies.
__device__ inline void copy_async_commit() {
#if defined(__CUDACC__)
  asm volatile("cp.async.commit_group;" ::: "memory");
#else
  simt::copy_async_commit();
#endif
}

// Waits until at most `groups_left` of this thread's groups are on their way.
template <int groups_left>
__device__ void copy_async_wait() {
#if defined(__CUDACC__)
  asm volatile("cp.async.wait_group %0;" ::"n"(groups_left) : "memory");
#else
  simt::copy_async_wait(groups_left);
#endif
}

}  // namespace cloze
