#pragma once

#include <cuda_runtime.h>

#include <numbers>

#include "kernels/activation/activation.h"
#include "kernels/common/vector.cuh"

// The activations on a GPU, one element at a time and as groups of columns are read.
namespace cloze {

constexpr float gelu_cubic = 0.044715f;
constexpr auto sqrt_2_over_pi = static_cast<float>(std::numbers::sqrt2 * std::numbers::inv_sqrtpi);
constexpr auto inverse_sqrt_2 = static_cast<float>(1 / std::numbers::sqrt2);

template <Activation activation>
__device__ float activate(float x) {
  if constexpr (activation == Activation::relu) return x < 0 ? 0.0f : x;  // NaN stays NaN
  if constexpr (activation == Activation::tanh) return tanhf(x);
  if constexpr (activation == Activation::gelu_tanh)
    return 0.5f * x * (1 + tanhf(sqrt_2_over_pi * (x + gelu_cubic * x * x * x)));
  if constexpr (activation == Activation::gelu_erf) return 0.5f * x * (1 + erff(x * inverse_sqrt_2));
  return x;
}

template <Activation activation>
__device__ float activation_slope(float x) {
  if constexpr (activation == Activation::relu) return x > 0 ? 1.0f : 0.0f;
  if constexpr (activation == Activation::tanh) {
    const float y = tanhf(x);
    return 1 - y * y;
  }
  if constexpr (activation == Activation::gelu_tanh) {
    const float tanh = tanhf(sqrt_2_over_pi * (x + gelu_cubic * x * x * x));
    const float inner = sqrt_2_over_pi * (1 + 3 * gelu_cubic * x * x);
    return 0.5f * (1 + tanh) + 0.5f * x * (1 - tanh * tanh) * inner;
  }
  if constexpr (activation == Activation::gelu_erf) {
    const float density = expf(-0.5f * x * x) * (0.5f * sqrt_2_over_pi);
    return 0.5f * (1 + erff(x * inverse_sqrt_2)) + x * density;
  }
  return 1;
}

// input + bias of a group of columns.
template <typename T>
__device__ void load_biased(const Tensor& input, const Tensor& bias, int64_t row, int column, int count,
                            bool whole, float (&values)[group]) {
  load_columns(input.row<T>(row) + column, count, whole, values);
  if (!bias) return;
  float added[group];
  load_parameters(bias, column, count, whole, added);
#pragma unroll
  for (int i = 0; i < group; ++i) values[i] += added[i];
}

// body.operator()<activation>(), the run-time choice made once.
template <typename Body>
void with_activation(Activation activation, const Body& body) {
  switch (activation) {
    case Activation::identity:
      return body.template operator()<Activation::identity>();
    case Activation::relu:
      return body.template operator()<Activation::relu>();
    case Activation::tanh:
      return body.template operator()<Activation::tanh>();
    case Activation::gelu_tanh:
      return body.template operator()<Activation::gelu_tanh>();
    case Activation::gelu_erf:
      return body.template operator()<Activation::gelu_erf>();
  }
}

}  // namespace cloze
