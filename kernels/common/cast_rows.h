#pragma once

#include <cstdint>

#include "kernels/common/bfloat16.h"
#include "kernels/common/tensor.h"

// Conversions between element types on the host.
namespace cloze {

template <typename From>
double widened(From value) {
  return static_cast<double>(value);
}
inline double widened(BFloat16 value) {
  return to_float(value);
}

inline double widened(Float8E4M3 value) {
  return to_float(value);
}
inline double widened(Float8E5M2 value) {
  return to_float(value);
}

template <typename To>
To narrowed(double value) {
  return static_cast<To>(value);
}
template <>
inline BFloat16 narrowed<BFloat16>(double value) {
  return to_bfloat16(static_cast<float>(value));
}

// body(T{}) with the element type of a tensor of f64, f32 or bf16.
template <typename Body>
void with_real_type(const Tensor& tensor, Body body) {
  if (tensor.dtype == DType::f64)
    body(double{});
  else if (tensor.dtype == DType::f32)
    body(float{});
  else
    body(BFloat16{});
}

// output = input in output's type, rows [first, last).
inline void cast_rows(const Tensor& input, const Tensor& output, int64_t first, int64_t last) {
  with_real_type(input, [&]<typename From>(From) {
    with_real_type(output, [&]<typename To>(To) {
      for (int64_t row = first; row < last; ++row)
        for (int64_t column = 0; column < input.columns; ++column)
          output.row<To>(row)[column] = narrowed<To>(widened(input.row<From>(row)[column]));
    });
  });
}

}  // namespace cloze
