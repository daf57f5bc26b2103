#pragma once

#include <span>

#include "engine/graph/op.h"
#include "kernels/linear/linear.h"

// What the ops that are matrix products share.
namespace cloze {

// [rows, depth] · [depth, columns]: the operands of a node each read or written once.
inline Cost product_cost(int64_t rows, int64_t depth, int64_t columns, std::span<const ValueType> inputs,
                         std::span<const ValueType> outputs) {
  Cost cost{.flops =
                2.0 * static_cast<double>(rows) * static_cast<double>(depth) * static_cast<double>(columns)};
  for (const ValueType& type : inputs) cost.bytes += static_cast<double>(type.bytes());
  for (const ValueType& type : outputs) cost.bytes += static_cast<double>(type.bytes());
  return cost;
}

// How a CPU multiplies in that precision.
constexpr OperandRounding rounding_of(Precision precision) {
  return precision == Precision::bf16_products ? OperandRounding::bf16 : OperandRounding::none;
}

}  // namespace cloze
