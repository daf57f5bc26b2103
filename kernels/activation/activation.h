#pragma once

#include <cstdint>

#include "kernels/common/device.h"
#include "kernels/common/tensor.h"

namespace cloze {

enum class Activation : uint8_t {
  identity,
  relu,
  tanh,
  gelu_tanh,  // 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x³))): Google's BERT (Hendrycks & Gimpel 2016)
  gelu_erf,   // 0.5 x (1 + erf(x / sqrt 2)): Hugging Face's "gelu"
};

constexpr const char* name_of(Activation activation) {
  switch (activation) {
    case Activation::identity:
      return "identity";
    case Activation::relu:
      return "relu";
    case Activation::tanh:
      return "tanh";
    case Activation::gelu_tanh:
      return "gelu_tanh";
    case Activation::gelu_erf:
      return "gelu_erf";
  }
  return "?";
}

// output = activation(input + bias)
struct ActivationForward {
  Activation activation = Activation::identity;
  Tensor input;      // [rows, columns]; its live rows count
  Tensor bias = {};  // [1, columns], or none
  Tensor output;     // [rows, columns]; may be the same memory as input
};

// input_gradient = output_gradient * activation'(input + bias); bias_gradient (=, +=) its column sums
struct ActivationBackward {
  Activation activation = Activation::identity;
  Tensor input;               // [rows, columns], of forward
  Tensor bias = {};           // [1, columns], or none
  Tensor output_gradient;     // [rows, columns]; its live rows count
  Tensor input_gradient;      // [rows, columns]; may be the same memory as output_gradient or input
  Tensor bias_gradient = {};  // [1, columns], or none
  GradientMode mode = GradientMode::overwrite;  // of bias_gradient
  Tensor workspace = {};  // column_sum_workspace(rows, columns) elements when there is a bias_gradient
};

void activation_forward(Reference&, const ActivationForward&);
void activation_forward(Cpu&, const ActivationForward&);
void activation_forward(Cuda&, const ActivationForward&);
void activation_backward(Reference&, const ActivationBackward&);
void activation_backward(Cpu&, const ActivationBackward&);
void activation_backward(Cuda&, const ActivationBackward&);

}  // namespace cloze
