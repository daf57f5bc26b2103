#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <utility>

#include "kernels/common/cuda.h"

namespace cloze {

struct LaunchShape {
  int64_t blocks = 0;  // none: nothing is launched
  int threads = 0;     // of a block; whole warps
  int64_t shared_bytes = 0;
  int64_t blocks_y = 1;
};

// Throws CudaError "CALL: what the runtime says".
void check_cuda(cudaError_t error, const char* call);

// Lets a kernel's blocks take that much dynamic shared memory on the current device. What it was allowed once
// stays: recorded steps hold launches of it, and the call would wait for copies of other streams.
void ask_for_shared_memory(const void* kernel, int64_t bytes);

// The one way a kernel is launched. `arguments` are converted to the kernel's parameters.
template <typename... Parameters, typename... Arguments>
void launch(Cuda& device, const LaunchShape& shape, void (*kernel)(Parameters...), Arguments&&... arguments) {
  if (shape.blocks == 0 || shape.blocks_y == 0) return;
  constexpr int64_t without_asking = 48 * 1024;
  if (shape.shared_bytes > without_asking)
    ask_for_shared_memory(reinterpret_cast<const void*>(kernel), shape.shared_bytes);
  std::tuple<Parameters...> parameters(std::forward<Arguments>(arguments)...);
  std::apply(
      [&](auto&... parameter) {
        void* pointers[] = {const_cast<void*>(static_cast<const void*>(&parameter))...};
        const dim3 grid(static_cast<unsigned>(shape.blocks), static_cast<unsigned>(shape.blocks_y));
        check_cuda(cudaLaunchKernel(kernel, grid, dim3(static_cast<unsigned>(shape.threads)), pointers,
                                    static_cast<size_t>(shape.shared_bytes), device.stream),
                   "cudaLaunchKernel");
      },
      parameters);
}

// The blocks that take `items`, `per_block` at a time, where a block loops: not more than keep the GPU busy.
inline int64_t looping_blocks(const Cuda& device, int64_t items, int64_t per_block) {
  const int64_t needed = (items + per_block - 1) / per_block;
  const int64_t enough = int64_t{16} * device.multiprocessors;
  return needed < enough ? needed : enough;
}

}  // namespace cloze
