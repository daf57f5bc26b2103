#pragma once

#include <cuda_runtime.h>

#include "kernels/common/vector.cuh"
#include "kernels/common/warp.cuh"

namespace cloze {

// A row of up to 32 · 8 · `groups` columns in the registers of a warp: group k of lane l starts at column
// (32 k + l) · 8. Columns past `hidden` (a multiple of 8) hold zeros.
template <int groups>
struct RowGroups {
  float values[groups][group];

  // body(k, column) for the groups that exist.
  template <typename Body>
  static __device__ void for_each(int hidden, const Body& body) {
#pragma unroll
    for (int k = 0; k < groups; ++k) {
      const int column = (warp_lanes * k + lane_index()) * group;
      if (column < hidden) body(k, column);
    }
  }
};

struct RowStatistics {
  float mean, rstd;
};

// Mean and 1 / sqrt(variance + epsilon) of the row, in two passes over the registers.
template <int groups>
__device__ RowStatistics row_statistics(const RowGroups<groups>& row, int hidden, float epsilon) {
  float sum = 0;
  RowGroups<groups>::for_each(hidden, [&](int k, int) {
#pragma unroll
    for (int i = 0; i < group; ++i) sum += row.values[k][i];
  });
  const float mean = warp_sum(sum) / static_cast<float>(hidden);
  float squares = 0;
  RowGroups<groups>::for_each(hidden, [&](int k, int) {
#pragma unroll
    for (int i = 0; i < group; ++i) {
      const float centred = row.values[k][i] - mean;
      squares += centred * centred;
    }
  });
  const float variance = warp_sum(squares) / static_cast<float>(hidden);
  return {mean, 1 / sqrtf(variance + epsilon)};
}

// values = (values - mean) · rstd · gamma + beta of one group.
__device__ inline void normalize_group(float (&values)[group], const RowStatistics& statistics,
                                       const Tensor& gamma, const Tensor& beta, int column) {
  float scale[group], shift[group];
  load_parameters(gamma, column, group, true, scale);
  load_parameters(beta, column, group, true, shift);
#pragma unroll
  for (int i = 0; i < group; ++i)
    values[i] = (values[i] - statistics.mean) * statistics.rstd * scale[i] + shift[i];
}

// body.operator()<groups>() with the fewest groups that hold a row.
constexpr int64_t most_row_columns = 8 * warp_lanes * group;
template <typename Body>
void with_row_groups(int64_t hidden, const Body& body) {
  constexpr int64_t columns = warp_lanes * group;
  if (hidden <= columns)
    body.template operator()<1>();
  else if (hidden <= 2 * columns)
    body.template operator()<2>();
  else if (hidden <= 3 * columns)
    body.template operator()<3>();
  else if (hidden <= 4 * columns)
    body.template operator()<4>();
  else
    body.template operator()<8>();
}

}  // namespace cloze
