#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/common/column_sum.h"
#include "kernels/common/vector.cuh"
#include "kernels/common/warp.cuh"

// The first stage of a column sum: a block takes one chunk of rows and a tile of columns. Each of its warps
// adds up every eighth row of the chunk, a lane a group of columns; the warps' sums are then added in order.
namespace cloze {

constexpr int column_tile = warp_lanes * group;  // columns
constexpr int column_sum_warps = 8;
constexpr int column_sum_threads = column_sum_warps * warp_lanes;

inline int64_t column_tiles(int64_t columns) {
  return (columns + column_tile - 1) / column_tile;
}

// body(row, column, count, sums): adds what row `row` contributes to sums[group]. blockIdx.x is the chunk,
// blockIdx.y the tile; partials [chunks, partial_stride].
template <typename Body>
__device__ void sum_chunk(int64_t rows, int columns, float* partials, int64_t partial_stride,
                          const Body& body) {
  alignas(16) __shared__ float warp_sums[column_sum_warps][column_tile];
  const int column = static_cast<int>(blockIdx.y) * column_tile + lane_index() * group;
  const int64_t first = int64_t{blockIdx.x} * column_sum_chunk_rows;
  const int64_t end = first + column_sum_chunk_rows < rows ? first + column_sum_chunk_rows : rows;
  if (first >= rows) return;
  float sums[group] = {};
  if (column < columns)
    for (int64_t row = first + warp_index(); row < end; row += column_sum_warps)
      body(row, column, columns - column < group ? columns - column : group, sums);
  store_group(&warp_sums[warp_index()][lane_index() * group], sums);
  __syncthreads();
  // One column per thread.
  const int mine = static_cast<int>(blockIdx.y) * column_tile + static_cast<int>(threadIdx.x);
  if (mine >= columns) return;
  float sum = 0;
#pragma unroll
  for (int warp = 0; warp < column_sum_warps; ++warp) sum += warp_sums[warp][threadIdx.x];
  partials[int64_t{blockIdx.x} * partial_stride + mine] = sum;
}

}  // namespace cloze
