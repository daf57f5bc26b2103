#include <algorithm>
#include <cassert>
#include <cstring>

#include "kernels/common/parallel.h"
#include "kernels/rows/rows.h"

// Memory-bound copies: memcpy and loops the compiler vectorises; no SIMD of their own.
namespace cloze {
namespace {

std::byte* row_bytes(const Tensor& tensor, int64_t row) {
  return static_cast<std::byte*>(tensor.data) +
         row * tensor.stride * static_cast<int64_t>(size_of(tensor.dtype));
}
size_t row_size(const Tensor& tensor) {
  return static_cast<size_t>(tensor.columns) * size_of(tensor.dtype);
}

// Rows handed to a thread at a time: 64 KiB at least.
int64_t row_grain(const Tensor& tensor) {
  return std::max<int64_t>(1, 65536 / std::max<int64_t>(1, static_cast<int64_t>(row_size(tensor))));
}

template <typename T>
void add_row(const Tensor& input, int64_t from, const Tensor& output, int64_t to) {
  const T* source = input.row<T>(from);
  T* target = output.row<T>(to);
  for (int64_t column = 0; column < input.columns; ++column) target[column] += source[column];
}

}  // namespace

void gather_rows(Cpu&, const GatherRows& op) {
  assert(op.input.dtype == op.output.dtype);
  parallel_for(0, op.index.live_rows(), row_grain(op.output), [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row)
      std::memcpy(row_bytes(op.output, row), row_bytes(op.input, *op.index.row<int32_t>(row)),
                  row_size(op.input));
  });
}

void scatter_rows(Cpu&, const ScatterRows& op) {
  assert(op.input.dtype == op.output.dtype);
  const bool overwrite = op.mode == GradientMode::overwrite;
  if (overwrite)
    parallel_for(0, op.output.live_rows(), row_grain(op.output), [&](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row)
        std::memset(row_bytes(op.output, row), 0, row_size(op.output));
    });
  // Target rows are distinct: each is written by one thread.
  parallel_for(0, op.index.live_rows(), row_grain(op.input), [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) {
      const int64_t to = *op.index.row<int32_t>(row);
      if (overwrite)
        std::memcpy(row_bytes(op.output, to), row_bytes(op.input, row), row_size(op.input));
      else if (op.input.dtype == DType::i32)
        add_row<int32_t>(op.input, row, op.output, to);
      else
        add_row<float>(op.input, row, op.output, to);
    }
  });
}

}  // namespace cloze
