#pragma once

#include <cstdint>

#include "kernels/common/dtype.h"

namespace cloze {

// How a node's activations and their gradients are stored. What is summed over many elements (statistics,
// losses, gradients of parameters) is full in every case; parameters have full masters.
enum class Precision : uint8_t { full, bf16 };

constexpr const char* name_of(Precision precision) {
  return precision == Precision::bf16 ? "bf16" : "full";
}

// Activations of a graph whose full type is `full` (f32; f64 on the reference).
constexpr DType storage_type(Precision precision, DType full) {
  return precision == Precision::bf16 ? DType::bf16 : full;
}

// Sums, statistics, losses and gradients of parameters, beside activations of that type.
constexpr DType sum_type(DType storage) {
  return storage == DType::bf16 ? DType::f32 : storage;
}

// What an op may do in a run of low precision (passes/precision.cpp).
enum class PrecisionRule : uint8_t {
  low,        // its activations are stored in low precision
  full,       // it keeps everything in full
  as_inputs,  // as what it reads: low where any of it is
};

}  // namespace cloze
