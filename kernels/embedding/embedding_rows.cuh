#pragma once

#include <cuda_runtime.h>

#include "kernels/common/vector.cuh"
#include "kernels/embedding/embedding.h"

namespace cloze {

// The rows of the three tables, in elements from their beginnings, whose sum is a row of the batch.
struct EmbeddingOffsets {
  int64_t word, type, position;

  // Of either direction's struct.
  template <typename Op>
  __device__ EmbeddingOffsets(const Op& op, int64_t row)
      : word(*op.tokens.template row<int32_t>(row) * op.word.stride),
        type(*op.token_types.template row<int32_t>(row) * op.type.stride),
        position(*op.positions.template row<int32_t>(row) * op.position.stride) {}
};

__device__ inline void add_table_group(const Tensor& table, int64_t offset, float (&values)[group]) {
  float row[group];
  if (table.dtype == DType::f32)
    load_group(static_cast<const float*>(table.data) + offset, row);
  else
    load_group(static_cast<const BFloat16*>(table.data) + offset, row);
#pragma unroll
  for (int i = 0; i < group; ++i) values[i] += row[i];
}

// word[token] + type[segment] + position[index] of one group of columns. The tables are parameters: f32 or
// bf16.
template <typename Op>
__device__ void load_embedding_sum(const Op& op, const EmbeddingOffsets& rows, int column,
                                   float (&values)[group]) {
#pragma unroll
  for (int i = 0; i < group; ++i) values[i] = 0;
  add_table_group(op.word, rows.word + column, values);
  add_table_group(op.type, rows.type + column, values);
  add_table_group(op.position, rows.position + column, values);
}

}  // namespace cloze
