#pragma once

#include <cuda_runtime.h>

#include <string>

#include "kernels/common/column_sum.h"
#include "kernels/common/cuda.h"
#include "kernels/common/host_device.h"
#include "kernels/common/vector.cuh"
#include "kernels/common/warp.cuh"
#include "kernels/layer_norm/row_groups.cuh"

// Backward of a layer norm: a block takes one chunk of rows, some rows at a time. Each row has `row_warps`
// warps, a group of columns per lane, so that a thread has the same columns in all of its rows and adds up
// their column sums in registers.
namespace cloze {

struct RowBlock {
  int row_warps;  // of one row: one group of columns per lane
  int slots;      // rows at a time
  CLOZE_HOST_DEVICE int threads() const { return row_warps * slots * warp_lanes; }
};

inline void require_row_width(const char* operation, int64_t hidden) {
  if (hidden > most_row_columns)
    throw CudaError(std::string(operation) + ": a CUDA kernel takes hidden sizes up to " +
                    std::to_string(most_row_columns) + "; this one is " + std::to_string(hidden));
}

inline RowBlock row_block(int64_t hidden) {
  constexpr int64_t columns = warp_lanes * group;
  const auto row_warps = static_cast<int>((hidden + columns - 1) / columns);
  return {row_warps, row_warps <= 4 ? 4 : 2};
}

// Where a thread stands in its block.
struct RowPlace {
  int slot, column;  // column: of its group; past `hidden` for threads without one

  explicit __device__ RowPlace(const RowBlock& block)
      : slot(warp_index() / block.row_warps),
        column((warp_index() % block.row_warps * warp_lanes + lane_index()) * group) {}
};

struct PairSum {
  float first, second;
};

// Two sums over the threads of each row. `scratch`: two floats per warp, another half for every other call:
// the barrier then also stands between a reading and the next writing but one.
__device__ inline PairSum row_sums(const RowBlock& block, PairSum mine, PairSum* scratch) {
  mine = {warp_sum(mine.first), warp_sum(mine.second)};
  if (lane_index() == 0) scratch[warp_index()] = mine;
  __syncthreads();
  const int first_warp = warp_index() / block.row_warps * block.row_warps;
  PairSum sum = {0, 0};
  for (int warp = 0; warp < block.row_warps; ++warp) {
    sum.first += scratch[first_warp + warp].first;
    sum.second += scratch[first_warp + warp].second;
  }
  return sum;
}

// Adds up a thread's sums with those of the same columns in the other slots, in order, and writes them to
// partials[hidden]. `scratch`: slots · row_warps · 256 floats. All threads call.
__device__ inline void write_chunk_sums(const RowBlock& block, const RowPlace& place, int hidden,
                                        const float (&sums)[group], float* scratch, float* partials) {
  const int width = block.row_warps * warp_lanes * group;
  __syncthreads();
  store_group(scratch + place.slot * width + place.column, sums);
  __syncthreads();
  for (int column = static_cast<int>(threadIdx.x); column < hidden; column += static_cast<int>(blockDim.x)) {
    float sum = 0;
    for (int slot = 0; slot < block.slots; ++slot) sum += scratch[slot * width + column];
    partials[column] = sum;
  }
}

}  // namespace cloze
