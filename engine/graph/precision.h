#pragma once

#include <cstdint>

#include "kernels/common/dtype.h"

namespace cloze {

// What a node computes in. What is summed over many elements (statistics, losses, gradients of parameters)
// is full in every case; parameters have full masters.
enum class Precision : uint8_t {
  full,
  bf16,           // activations and their gradients are stored in bf16
  bf16_products,  // everything is stored full; operands of linear layers' products are rounded to bf16
  fp8,            // as bf16; operands of the encoder's products are FP8
  fp8_products,   // everything is stored full; operands of the encoder's products are FP8
};

constexpr const char* name_of(Precision precision) {
  switch (precision) {
    case Precision::full:
      return "full";
    case Precision::bf16:
      return "bf16";
    case Precision::bf16_products:
      return "bf16 products";
    case Precision::fp8:
      return "fp8";
    case Precision::fp8_products:
      return "fp8 products";
  }
  return "?";
}

// Are activations and their gradients stored in bf16?
constexpr bool stores_bf16(Precision precision) {
  return precision == Precision::bf16 || precision == Precision::fp8;
}

// Is there a rounded copy of the parameters, which is what is computed with?
constexpr bool keeps_compute_copy(Precision precision) {
  return stores_bf16(precision);
}

// Are there products whose operands are FP8, in training?
constexpr bool multiplies_float8(Precision precision) {
  return precision == Precision::fp8 || precision == Precision::fp8_products;
}

// Activations of a graph whose full type is `full` (f32; f64 on the reference).
constexpr DType storage_type(Precision precision, DType full) {
  return stores_bf16(precision) ? DType::bf16 : full;
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
