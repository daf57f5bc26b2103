#pragma once

#include <cuda_runtime.h>

#include "kernels/common/vector.cuh"
#include "kernels/embedding/embedding.h"

namespace cloze {

// word[token] + type[segment] + position[index] of one group of columns, of either direction's struct. The
// tables are parameters: f32 or bf16.
template <typename Op>
__device__ void load_embedding_sum(const Op& op, int64_t row, int column, float (&values)[group]) {
  const auto add = [&](const Tensor& table, const Tensor& ids) {
    float row_values[group];
    const int64_t offset = *ids.row<int32_t>(row) * table.stride + column;
    if (table.dtype == DType::f32)
      load_group(static_cast<const float*>(table.data) + offset, row_values);
    else
      load_group(static_cast<const BFloat16*>(table.data) + offset, row_values);
#pragma unroll
    for (int i = 0; i < group; ++i) values[i] += row_values[i];
  };
#pragma unroll
  for (int i = 0; i < group; ++i) values[i] = 0;
  add(op.word, op.tokens);
  add(op.type, op.token_types);
  add(op.position, op.positions);
}

}  // namespace cloze
