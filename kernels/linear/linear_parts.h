#pragma once

#include "kernels/activation/activation.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/linear/linear_gelu.h"

// The kernels that a fused product consists of, one after the other.
namespace cloze {

template <class Device>
void linear_gelu_in_parts(Device& device, const LinearGelu& op) {
  Tensor sums = op.pre_activation ? op.pre_activation : op.output;
  linear_forward(
      device,
      LinearForward{
          .input = op.input, .weight = op.weight, .bias = op.bias, .output = sums, .rounding = op.rounding});
  sums.live = op.input.live;
  activation_forward(device, ActivationForward{Activation::gelu_tanh, sums, {}, op.output});
}

template <class Device>
void linear_gelu_gradient_in_parts(Device& device, const LinearGeluGradient& op) {
  Tensor gradient = op.pre_gradient;
  linear_input_gradient(device, LinearInputGradient{.output_gradient = op.output_gradient,
                                                    .weight = op.weight,
                                                    .input_gradient = gradient,
                                                    .rounding = op.rounding});
  gradient.live = op.output_gradient.live;
  activation_backward(device, ActivationBackward{.activation = Activation::gelu_tanh,
                                                 .input = op.pre_activation,
                                                 .output_gradient = gradient,
                                                 .input_gradient = op.pre_gradient});
}

template <class Device>
void bias_gradient_alone(Device& device, const LinearWeightGradient& op) {
  if (op.bias_gradient)
    column_sum(device, ColumnSum{op.output_gradient, op.bias_gradient, op.bias_mode, op.workspace});
}

}  // namespace cloze
