#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/common/vector.cuh"
#include "kernels/common/warp.cuh"

namespace cloze {

constexpr int row_loop_threads = 256;
constexpr int row_loop_rows = row_loop_threads / warp_lanes;  // of a block at a time: one per warp

// body(row, column, count): a warp per row, a group of columns per lane, over all rows and columns of the
// grid.
template <typename Body>
__device__ void for_each_group(int64_t rows, int columns, const Body& body) {
  const int64_t step = int64_t{gridDim.x} * row_loop_rows;
  for (int64_t row = int64_t{blockIdx.x} * row_loop_rows + warp_index(); row < rows; row += step)
    for (int column = lane_index() * group; column < columns; column += warp_lanes * group)
      body(row, column, columns - column < group ? columns - column : group);
}

}  // namespace cloze
