#pragma once

#include <cstdint>

#include "kernels/common/tensor.h"

namespace cloze {

// Column sums are taken in two stages over fixed chunks of rows, so they depend neither on threads nor on
// launch shape.
constexpr int64_t column_sum_chunk_rows = 64;
constexpr int64_t column_sum_chunks(int64_t rows) {
  return (rows + column_sum_chunk_rows - 1) / column_sum_chunk_rows;
}
constexpr int64_t column_sum_workspace(int64_t rows, int64_t columns) {
  return columns * column_sum_chunks(rows);
}

// The second stage on the CPU: sums[columns] (=, +=) Σ over chunks of partials[chunk * partial_stride +
// column], in the order of the chunks.
void finish_column_sums(const float* partials, int64_t chunks, int64_t partial_stride, int64_t columns,
                        GradientMode mode, float* sums);

}  // namespace cloze
