#include <dnnl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <new>
#include <stdexcept>

#include "kernels/common/parallel.h"
#include "kernels/linear/scaled_product.h"

// No CPU multiplies FP8: operands are widened a piece at a time, which stays in the caches while oneDNN's
// sgemm multiplies it. For finding out what FP8 does to a model, not for speed.
namespace cloze {
namespace {

constexpr int64_t block_rows = 256, block_columns = 512, piece_depth = 512;

using Widened = std::array<float, 256>;  // by bits

template <typename Float8>
Widened widen_all() {
  Widened values;
  for (size_t bits = 0; bits < values.size(); ++bits)
    values[bits] = to_float(Float8{static_cast<uint8_t>(bits)});
  return values;
}

const Widened& values_of(DType format) {
  static const Widened e4m3 = widen_all<Float8E4M3>(), e5m2 = widen_all<Float8E5M2>();
  return format == DType::f8_e5m2 ? e5m2 : e4m3;
}

struct Piece {
  int64_t row, rows, depth_begin, depth;
};

// [rows, depth] of the operand, packed.
void widen(const Tensor& operand, const Piece& piece, float* packed) {
  const Widened& values = values_of(operand.dtype);
  for (int64_t i = 0; i < piece.rows; ++i, packed += piece.depth) {
    const auto* bits =
        static_cast<const uint8_t*>(operand.data) + (piece.row + i) * operand.stride + piece.depth_begin;
    for (int64_t k = 0; k < piece.depth; ++k) packed[k] = values[bits[k]];
  }
}

// A thread's room for two pieces, made once.
struct Room {
  std::array<float, static_cast<size_t>(block_rows* piece_depth)> left;
  std::array<float, static_cast<size_t>(block_columns* piece_depth)> right;
};

struct Block {
  int64_t row, rows, column, columns;
};

bool multiply_block(const ScaledProduct& op, const Block& block) {
  static thread_local std::unique_ptr<Room> room;
  if (!room) room.reset(new (std::nothrow) Room);
  if (!room) return false;
  const float scale = *op.left_inverse.as<float>() * *op.right_inverse.as<float>();
  float* result = op.output.row<float>(block.row) + block.column;
  bool add = op.mode == GradientMode::accumulate;
  if (op.bias) {
    for (int64_t i = 0; i < block.rows; ++i)
      std::copy_n(op.bias.as<float>() + block.column, block.columns, result + i * op.output.stride);
    add = true;
  }
  for (int64_t begin = 0; begin < op.left.columns; begin += piece_depth, add = true) {
    const int64_t depth = std::min(piece_depth, op.left.columns - begin);
    widen(op.left, {block.row, block.rows, begin, depth}, room->left.data());
    widen(op.right, {block.column, block.columns, begin, depth}, room->right.data());
    if (dnnl_sgemm('N', 'T', block.rows, block.columns, depth, scale, room->left.data(), depth,
                   room->right.data(), depth, add ? 1.0f : 0.0f, result, op.output.stride) != dnnl_success)
      return false;
  }
  return true;
}

}  // namespace

void scaled_product(Cpu&, const ScaledProduct& op) {
  const int64_t rows = op.left.live_rows(), columns = op.right.rows;
  const int64_t across = (columns + block_columns - 1) / block_columns;
  const int64_t down = (rows + block_rows - 1) / block_rows;
  std::atomic<bool> done = true;
  parallel_tasks(down * across, [&](int64_t index) {
    const int64_t row = index / across * block_rows, column = index % across * block_columns;
    const Block block{row, std::min(block_rows, rows - row), column,
                      std::min(block_columns, columns - column)};
    if (!multiply_block(op, block)) done = false;
  });
  if (!done) throw std::runtime_error("oneDNN could not multiply two matrices (out of memory?)");
}

}  // namespace cloze
