#pragma once

#include <cstdint>

// What the CPU's two ways of multiplying matrices share: float32 (linear_cpu.cpp) and operands rounded to
// bf16 (rounded_product.cpp).
namespace cloze {

// An operand as stored, [rows, columns] with `stride`, read as it is or transposed.
struct Operand {
  const float* data;
  int64_t stride;
  bool transposed;

  char letter() const { return transposed ? 'T' : 'N'; }
  const float* at(int64_t row, int64_t column) const {
    return data + (transposed ? column * stride + row : row * stride + column);
  }
};

// result[rows, columns] = left[rows, depth] · right[depth, columns] (+ result when it accumulates, +
// bias[columns])
struct Product {
  int64_t rows, columns, depth;
  Operand left, right;
  float* result;
  int64_t stride;
  bool accumulate = false;
  const float* bias = nullptr;
};

// A block of a product's result.
struct ProductBlock {
  int64_t row, column, rows, columns;
};

}  // namespace cloze
