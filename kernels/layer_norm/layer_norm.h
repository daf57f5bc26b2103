#pragma once

#include <cstdint>

#include "kernels/common/column_sum.h"
#include "kernels/common/device.h"
#include "kernels/common/dropout.h"
#include "kernels/common/tensor.h"

// The layer-norm group of a post-LN transformer in one pass: bias, dropout, residual, layer norm (Ba et al.
// 2016; biased variance, two-pass or Welford).
namespace cloze {

// sum = dropout(input + bias) + residual; output = (sum - mean) * rstd * gamma + beta, rstd = 1/sqrt(variance
// + epsilon)
struct LayerNormForward {
  Tensor input;          // [rows, hidden]; its live rows count
  Tensor bias = {};      // [1, hidden], or none
  Dropout dropout = {};  // of input + bias
  Tensor residual = {};  // [rows, hidden], or none
  Tensor gamma, beta;    // [1, hidden]
  float epsilon = 1e-12f;
  Tensor sum = {};  // [rows, hidden], kept for backward, or none; may be the same memory as input or residual
  Tensor output;    // [rows, hidden]; may be the same memory as input or residual when sum is another
  Tensor statistics = {};  // [rows, 2], {mean, rstd}, f32 (f64 on the reference), or none
};

struct LayerNormBackward {
  Tensor output_gradient;  // [rows, hidden]; its live rows count
  Tensor sum, statistics;  // of forward
  Tensor gamma;            // [1, hidden]
  Dropout dropout = {};    // the same as in forward
  Tensor sum_gradient;     // [rows, hidden]: gradient of `sum`, which is that of the residual too; may be
                           // output_gradient
  Tensor input_gradient =
      {};  // [rows, hidden]: gradient of input, through the dropout. None without dropout (= sum_gradient)
  Tensor gamma_gradient, beta_gradient;         // [1, hidden]
  Tensor bias_gradient = {};                    // [1, hidden], or none
  GradientMode mode = GradientMode::overwrite;  // of gamma, beta and bias gradients
  Tensor workspace;  // layer_norm_backward_workspace(rows, hidden) elements of the compute type
};

constexpr int64_t layer_norm_backward_workspace(int64_t rows, int64_t hidden) {
  return 3 * column_sum_workspace(rows, hidden);
}

void layer_norm_forward(Reference&, const LayerNormForward&);
void layer_norm_forward(Cpu&, const LayerNormForward&);
void layer_norm_forward(Cuda&, const LayerNormForward&);
void layer_norm_backward(Reference&, const LayerNormBackward&);
void layer_norm_backward(Cpu&, const LayerNormBackward&);
void layer_norm_backward(Cuda&, const LayerNormBackward&);

}  // namespace cloze
