#include "kernels/layer_norm/layer_norm.h"

#include <cmath>
#include <cstdint>
#include <vector>

// Loops in the arithmetic T of the tensors: double, or plain float32, the yardstick of the tests.
namespace cloze {
namespace {

template <typename T>
void forward(const LayerNormForward& call) {
  const int64_t hidden = call.input.columns;
  const T* gamma = call.gamma.as<T>();
  const T* beta = call.beta.as<T>();
  std::vector<T> sum(static_cast<size_t>(hidden));
  for (int64_t row = 0; row < call.input.live_rows(); ++row) {
    T mean = 0;
    for (int64_t c = 0; c < hidden; ++c) {
      T x = call.input.row<T>(row)[c];
      if (call.bias) x += call.bias.as<T>()[c];
      x *= static_cast<T>(dropout_multiplier(call.dropout, row, c));
      if (call.residual) x += call.residual.row<T>(row)[c];
      sum[c] = x;
      mean += x;
    }
    mean /= static_cast<T>(hidden);
    T variance = 0;
    for (T x : sum) variance += (x - mean) * (x - mean);
    variance /= static_cast<T>(hidden);
    const T rstd = T(1) / std::sqrt(variance + static_cast<T>(call.epsilon));
    for (int64_t c = 0; c < hidden; ++c) {
      if (call.sum) call.sum.row<T>(row)[c] = sum[c];
      call.output.row<T>(row)[c] = (sum[c] - mean) * rstd * gamma[c] + beta[c];
    }
    if (call.statistics) {
      call.statistics.row<T>(row)[0] = mean;
      call.statistics.row<T>(row)[1] = rstd;
    }
  }
}

// With x̂ = (sum - mean) rstd and g = output_gradient · gamma:
//   sum_gradient = rstd (g - mean(g) - x̂ mean(g x̂)).
template <typename T>
void backward(const LayerNormBackward& call) {
  const int64_t hidden = call.sum.columns;
  const auto count = static_cast<size_t>(hidden);
  std::vector<T> gamma_gradient(count), beta_gradient(count), bias_gradient(count), normalized(count),
      scaled(count);
  for (int64_t row = 0; row < call.output_gradient.live_rows(); ++row) {
    const T mean = call.statistics.row<T>(row)[0];
    const T rstd = call.statistics.row<T>(row)[1];
    T mean_gradient = 0, mean_product = 0;
    for (int64_t c = 0; c < hidden; ++c) {
      const T output_gradient = call.output_gradient.row<T>(row)[c];
      normalized[c] = (call.sum.row<T>(row)[c] - mean) * rstd;
      scaled[c] = output_gradient * call.gamma.as<T>()[c];
      mean_gradient += scaled[c];
      mean_product += scaled[c] * normalized[c];
      gamma_gradient[c] += output_gradient * normalized[c];
      beta_gradient[c] += output_gradient;
    }
    mean_gradient /= static_cast<T>(hidden);
    mean_product /= static_cast<T>(hidden);
    for (int64_t c = 0; c < hidden; ++c) {
      const T gradient = rstd * (scaled[c] - mean_gradient - normalized[c] * mean_product);
      const T input_gradient = gradient * static_cast<T>(dropout_multiplier(call.dropout, row, c));
      call.sum_gradient.row<T>(row)[c] = gradient;
      if (call.input_gradient) call.input_gradient.row<T>(row)[c] = input_gradient;
      bias_gradient[c] += input_gradient;
    }
  }
  const auto write = [&](const Tensor& target, const std::vector<T>& sums) {
    for (int64_t c = 0; c < hidden; ++c) {
      target.as<T>()[c] = sums[c] + (call.mode == GradientMode::accumulate ? target.as<T>()[c] : T(0));
    }
  };
  write(call.gamma_gradient, gamma_gradient);
  write(call.beta_gradient, beta_gradient);
  if (call.bias_gradient) write(call.bias_gradient, bias_gradient);
}

}  // namespace

void layer_norm_forward(Reference&, const LayerNormForward& call) {
  call.input.dtype == DType::f64 ? forward<double>(call) : forward<float>(call);
}

void layer_norm_backward(Reference&, const LayerNormBackward& call) {
  call.sum.dtype == DType::f64 ? backward<double>(call) : backward<float>(call);
}

}  // namespace cloze
