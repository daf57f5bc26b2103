#pragma once

#include "kernels/activation/activation.h"
#include "kernels/quantize/quantize.h"

// An activation, or its gradient, that only products in FP8 read: rounded as it is made, it is stored in no
// other type. On a GPU in one pass over memory instead of two.
namespace cloze {

// activation(input + bias), quantized
struct QuantizedActivation {
  Activation activation = Activation::identity;
  Tensor input;      // [rows, columns]; its live rows count
  Tensor bias = {};  // [1, columns], or none
  Quantize output;   // f8_e4m3, all but its input
};

// output_gradient * activation'(input + bias), quantized; bias_gradient (=, +=) its column sums before it is
// rounded
struct QuantizedActivationGradient {
  Activation activation = Activation::identity;
  Tensor input;                                 // [rows, columns], of forward
  Tensor bias = {};                             // [1, columns], or none
  Tensor output_gradient;                       // [rows, columns]; its live rows count
  Quantize input_gradient;                      // f8_e5m2, all but its input
  Tensor bias_gradient = {};                    // [1, columns], or none
  GradientMode mode = GradientMode::overwrite;  // of bias_gradient
  Tensor workspace = {};  // column_sum_workspace(rows, columns) elements when there is a bias_gradient
};

void quantized_activation(Reference&, const QuantizedActivation&);
void quantized_activation(Cpu&, const QuantizedActivation&);
void quantized_activation(Cuda&, const QuantizedActivation&);
void quantized_activation_gradient(Reference&, const QuantizedActivationGradient&);
void quantized_activation_gradient(Cpu&, const QuantizedActivationGradient&);
void quantized_activation_gradient(Cuda&, const QuantizedActivationGradient&);

}  // namespace cloze
