#include "kernels/layer_norm/layer_norm.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/common/reference.h"

namespace cloze {
namespace {

template <typename T>
void forward(const LayerNormForward& op) {
  const int64_t hidden = op.input.columns;
  const T* gamma = op.gamma.as<T>();
  const T* beta = op.beta.as<T>();
  std::vector<T> sum(static_cast<size_t>(hidden));
  for (int64_t row = 0; row < op.input.live_rows(); ++row) {
    T mean = 0;
    for (int64_t c = 0; c < hidden; ++c) {
      T x = op.input.row<T>(row)[c];
      if (op.bias) x += op.bias.as<T>()[c];
      x *= static_cast<T>(dropout_multiplier(op.dropout, row, c));
      if (op.residual) x += op.residual.row<T>(row)[c];
      sum[c] = x;
      mean += x;
    }
    mean /= static_cast<T>(hidden);
    T variance = 0;
    for (T x : sum) variance += (x - mean) * (x - mean);
    variance /= static_cast<T>(hidden);
    const T rstd = T(1) / std::sqrt(variance + static_cast<T>(op.epsilon));
    for (int64_t c = 0; c < hidden; ++c) {
      if (op.sum) op.sum.row<T>(row)[c] = sum[c];
      op.output.row<T>(row)[c] = (sum[c] - mean) * rstd * gamma[c] + beta[c];
    }
    if (op.statistics) {
      op.statistics.row<T>(row)[0] = mean;
      op.statistics.row<T>(row)[1] = rstd;
    }
  }
}

// With x̂ = (sum - mean) rstd and g = output_gradient · gamma:
//   sum_gradient = rstd (g - mean(g) - x̂ mean(g x̂)).
template <typename T>
void backward(const LayerNormBackward& op) {
  const int64_t hidden = op.sum.columns;
  const auto count = static_cast<size_t>(hidden);
  std::vector<T> gamma_gradient(count), beta_gradient(count), bias_gradient(count), normalized(count),
      scaled(count);
  for (int64_t row = 0; row < op.output_gradient.live_rows(); ++row) {
    const T mean = op.statistics.row<T>(row)[0];
    const T rstd = op.statistics.row<T>(row)[1];
    T mean_gradient = 0, mean_product = 0;
    for (int64_t c = 0; c < hidden; ++c) {
      const T output_gradient = op.output_gradient.row<T>(row)[c];
      normalized[c] = (op.sum.row<T>(row)[c] - mean) * rstd;
      scaled[c] = output_gradient * op.gamma.as<T>()[c];
      mean_gradient += scaled[c];
      mean_product += scaled[c] * normalized[c];
      gamma_gradient[c] += output_gradient * normalized[c];
      beta_gradient[c] += output_gradient;
    }
    mean_gradient /= static_cast<T>(hidden);
    mean_product /= static_cast<T>(hidden);
    for (int64_t c = 0; c < hidden; ++c) {
      const T gradient = rstd * (scaled[c] - mean_gradient - normalized[c] * mean_product);
      const T input_gradient = gradient * static_cast<T>(dropout_multiplier(op.dropout, row, c));
      op.sum_gradient.row<T>(row)[c] = gradient;
      if (op.input_gradient) op.input_gradient.row<T>(row)[c] = input_gradient;
      bias_gradient[c] += input_gradient;
    }
  }
  const auto write = [&](const Tensor& target, const std::vector<T>& sums) {
    for (int64_t c = 0; c < hidden; ++c) {
      target.as<T>()[c] = sums[c] + (op.mode == GradientMode::accumulate ? target.as<T>()[c] : T(0));
    }
  };
  write(op.gamma_gradient, gamma_gradient);
  write(op.beta_gradient, beta_gradient);
  if (op.bias_gradient) write(op.bias_gradient, bias_gradient);
}

}  // namespace

void layer_norm_forward(Reference&, const LayerNormForward& op) {
  with_element_type(op.input, [&]<typename T>(T) { forward<T>(op); });
}

void layer_norm_backward(Reference&, const LayerNormBackward& op) {
  with_element_type(op.sum, [&]<typename T>(T) { backward<T>(op); });
}

}  // namespace cloze
