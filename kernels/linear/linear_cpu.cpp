#include <dnnl.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <stdexcept>

#include "kernels/common/parallel.h"
#include "kernels/linear/linear.h"
#include "kernels/linear/linear_parts.h"
#include "kernels/linear/rounded_product.h"

// Matrix products by oneDNN's sgemm, which needs nothing made beforehand: the number of rows changes with
// every batch. The result is divided over the threads here, one call each: measured against sgemm's own
// division and the matmul primitive, this is as fast on large products and up to a quarter faster on some
// hundred rows.
namespace cloze {
namespace {

// A division of the result into at most `threads` blocks of whole units, which are oneDNN's register blocks
// (AVX-512).
struct Grid {
  static constexpr int64_t row_unit = 16, column_unit = 48;
  int64_t block_rows, block_columns, down, across;
};

int64_t divide_up(int64_t value, int64_t by) {
  return (value + by - 1) / by;
}

// The grid whose largest block costs least: its multiplications, and the packing of its operands' panels.
Grid choose_grid(const Product& product, int64_t threads) {
  constexpr double packing = 16;  // of one element, in multiplications
  const int64_t row_units = divide_up(product.rows, Grid::row_unit);
  const int64_t column_units = divide_up(product.columns, Grid::column_unit);
  Grid best = {product.rows, product.columns, 1, 1};
  double least = -1;
  for (int64_t down = 1; down <= std::min(threads, row_units); ++down) {
    const int64_t across = std::min(threads / down, column_units);
    const int64_t block_rows = divide_up(row_units, down) * Grid::row_unit;
    const int64_t block_columns = divide_up(column_units, across) * Grid::column_unit;
    const auto height = static_cast<double>(block_rows), width = static_cast<double>(block_columns);
    const double cost = height * width + packing * (height + width);
    if (least >= 0 && cost >= least) continue;
    least = cost;
    best = {block_rows, block_columns, divide_up(product.rows, block_rows),
            divide_up(product.columns, block_columns)};
  }
  return best;
}

void start_from_bias(const Product& product, const ProductBlock& block) {
  for (int64_t i = 0; i < block.rows; ++i)
    std::memcpy(product.result + (block.row + i) * product.stride + block.column, product.bias + block.column,
                static_cast<size_t>(block.columns) * sizeof(float));
}

bool multiply_block(const Product& product, const ProductBlock& block, OperandRounding rounding) {
  if (product.bias != nullptr) start_from_bias(product, block);
  const bool add = product.accumulate || product.bias != nullptr;
  if (rounding == OperandRounding::bf16) return multiply_rounded(product, block, add);
  const auto [row, column, rows, columns] = block;
  return dnnl_sgemm(product.left.letter(), product.right.letter(), rows, columns, product.depth, 1.0f,
                    product.left.at(row, 0), product.left.stride, product.right.at(0, column),
                    product.right.stride, add ? 1.0f : 0.0f, product.result + row * product.stride + column,
                    product.stride) == dnnl_success;
}

void multiply(const Product& product, OperandRounding rounding) {
  if (product.rows == 0 || product.columns == 0) return;
  constexpr int64_t worth_threads = 1 << 20;  // multiplications: some ten microseconds
  const bool alone = product.rows * product.columns * product.depth < worth_threads;
  const Grid grid = choose_grid(product, alone ? 1 : thread_count());
  std::atomic<bool> done = true;
  parallel_for(0, grid.down * grid.across, 1, [&](int64_t first, int64_t last) {
    for (int64_t block = first; block < last; ++block) {
      const int64_t row = block / grid.across * grid.block_rows;
      const int64_t column = block % grid.across * grid.block_columns;
      const ProductBlock part{row, column, std::min(grid.block_rows, product.rows - row),
                              std::min(grid.block_columns, product.columns - column)};
      if (!multiply_block(product, part, rounding)) done = false;
    }
  });
  if (!done) throw std::runtime_error("oneDNN could not multiply two matrices (out of memory?)");
}

Operand as_stored(const Tensor& tensor) {
  return {tensor.as<float>(), tensor.stride, false};
}
Operand transposed(const Tensor& tensor) {
  return {tensor.as<float>(), tensor.stride, true};
}

}  // namespace

void linear_forward(Cpu&, const LinearForward& op) {
  multiply({.rows = op.input.live_rows(),
            .columns = op.weight.rows,
            .depth = op.weight.columns,
            .left = as_stored(op.input),
            .right = transposed(op.weight),
            .result = op.output.as<float>(),
            .stride = op.output.stride,
            .bias = op.bias ? op.bias.as<float>() : nullptr},
           op.rounding);
}

void linear_input_gradient(Cpu&, const LinearInputGradient& op) {
  multiply({.rows = op.output_gradient.live_rows(),
            .columns = op.weight.columns,
            .depth = op.weight.rows,
            .left = as_stored(op.output_gradient),
            .right = as_stored(op.weight),
            .result = op.input_gradient.as<float>(),
            .stride = op.input_gradient.stride,
            .accumulate = op.mode == GradientMode::accumulate},
           op.rounding);
}

void linear_weight_gradient(Cpu& device, const LinearWeightGradient& op) {
  const Tensor& gradient = op.weight_gradient;
  const int64_t live = op.output_gradient.live_rows();
  bias_gradient_alone(device, op);
  if (live == 0) {
    if (op.mode == GradientMode::overwrite)
      for (int64_t out = 0; out < gradient.rows; ++out)
        std::memset(gradient.row<float>(out), 0, static_cast<size_t>(gradient.columns) * sizeof(float));
    return;
  }
  multiply({.rows = gradient.rows,
            .columns = gradient.columns,
            .depth = live,
            .left = transposed(op.output_gradient),
            .right = as_stored(op.input),
            .result = gradient.as<float>(),
            .stride = gradient.stride,
            .accumulate = op.mode == GradientMode::accumulate},
           op.rounding);
}

}  // namespace cloze
