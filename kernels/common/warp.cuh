#pragma once

#include <cuda_runtime.h>

// Sums over the lanes of a warp and the threads of a block, in a fixed order.
namespace cloze {

constexpr int warp_lanes = 32;
constexpr unsigned whole_warp = 0xFFFFFFFFu;

// Blocks are one-dimensional.
__device__ inline int lane_index() {
  return static_cast<int>(threadIdx.x) % warp_lanes;
}
__device__ inline int warp_index() {
  return static_cast<int>(threadIdx.x) / warp_lanes;
}
__device__ inline int block_warps() {
  return static_cast<int>(blockDim.x) / warp_lanes;
}

// In every lane, the same.
template <typename T>
__device__ T warp_sum(T value) {
#pragma unroll
  for (int distance = warp_lanes / 2; distance > 0; distance /= 2)
    value += __shfl_xor_sync(whole_warp, value, distance);
  return value;
}
__device__ inline float warp_maximum(float value) {
#pragma unroll
  for (int distance = warp_lanes / 2; distance > 0; distance /= 2)
    value = fmaxf(value, __shfl_xor_sync(whole_warp, value, distance));
  return value;
}

// In every thread, the same. `scratch`: shared memory for one value per warp; free again after the next
// barrier.
template <typename T>
__device__ T block_sum(T value, T* scratch) {
  value = warp_sum(value);
  if (lane_index() == 0) scratch[warp_index()] = value;
  __syncthreads();
  T sum = 0;
  for (int warp = 0; warp < block_warps(); ++warp) sum += scratch[warp];
  return sum;
}
__device__ inline float block_maximum(float value, float* scratch) {
  value = warp_maximum(value);
  if (lane_index() == 0) scratch[warp_index()] = value;
  __syncthreads();
  float maximum = scratch[0];
  for (int warp = 1; warp < block_warps(); ++warp) maximum = fmaxf(maximum, scratch[warp]);
  return maximum;
}

}  // namespace cloze
