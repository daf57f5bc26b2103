#include "kernels/activation/activation.h"

#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "kernels/common/reference.h"

namespace cloze {
namespace {

constexpr double gelu_cubic = 0.044715;
constexpr double sqrt_2_over_pi = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;

template <typename T>
T activate(Activation activation, T x) {
  switch (activation) {
    case Activation::identity:
      return x;
    case Activation::relu:
      return x < T(0) ? T(0) : x;  // NaN stays NaN
    case Activation::tanh:
      return std::tanh(x);
    case Activation::gelu_tanh:
      return T(0.5) * x * (T(1) + std::tanh(T(sqrt_2_over_pi) * (x + T(gelu_cubic) * x * x * x)));
    case Activation::gelu_erf:
      return T(0.5) * x * (T(1) + std::erf(x * T(1 / std::numbers::sqrt2)));
  }
  return x;
}

template <typename T>
T activation_slope(Activation activation, T x) {
  switch (activation) {
    case Activation::identity:
      return T(1);
    case Activation::relu:
      return x > T(0) ? T(1) : T(0);
    case Activation::tanh: {
      const T y = std::tanh(x);
      return T(1) - y * y;
    }
    case Activation::gelu_tanh: {
      const T tanh = std::tanh(T(sqrt_2_over_pi) * (x + T(gelu_cubic) * x * x * x));
      const T inner_slope = T(sqrt_2_over_pi) * (T(1) + T(3 * gelu_cubic) * x * x);
      return T(0.5) * (T(1) + tanh) + T(0.5) * x * (T(1) - tanh * tanh) * inner_slope;
    }
    case Activation::gelu_erf: {
      const T density = std::exp(T(-0.5) * x * x) * T(0.5 * sqrt_2_over_pi);
      return T(0.5) * (T(1) + std::erf(x * T(1 / std::numbers::sqrt2))) + x * density;
    }
  }
  return T(1);
}

template <typename T>
T biased(const Tensor& input, const Tensor& bias, int64_t row, int64_t column) {
  return input.row<T>(row)[column] + (bias ? bias.as<T>()[column] : T(0));
}

template <typename T>
void forward(const ActivationForward& op) {
  for (int64_t row = 0; row < op.input.live_rows(); ++row) {
    for (int64_t c = 0; c < op.input.columns; ++c) {
      op.output.row<T>(row)[c] = activate(op.activation, biased<T>(op.input, op.bias, row, c));
    }
  }
}

template <typename T>
void backward(const ActivationBackward& op) {
  const int64_t columns = op.input.columns;
  std::vector<T> sums(static_cast<size_t>(columns));
  for (int64_t row = 0; row < op.output_gradient.live_rows(); ++row) {
    for (int64_t c = 0; c < columns; ++c) {
      const T slope = activation_slope(op.activation, biased<T>(op.input, op.bias, row, c));
      const T gradient = op.output_gradient.row<T>(row)[c] * slope;
      op.input_gradient.row<T>(row)[c] = gradient;
      sums[c] += gradient;
    }
  }
  if (!op.bias_gradient) return;
  for (int64_t c = 0; c < columns; ++c) {
    T& target = op.bias_gradient.as<T>()[c];
    target = sums[c] + (op.mode == GradientMode::accumulate ? target : T(0));
  }
}

}  // namespace

void activation_forward(Reference&, const ActivationForward& op) {
  with_element_type(op.input, [&]<typename T>(T) { forward<T>(op); });
}

void activation_backward(Reference&, const ActivationBackward& op) {
  with_element_type(op.input, [&]<typename T>(T) { backward<T>(op); });
}

}  // namespace cloze
