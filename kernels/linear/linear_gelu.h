#pragma once

#include "kernels/common/device.h"
#include "kernels/common/tensor.h"
#include "kernels/linear/linear.h"

// A dense layer and the GELU after it in one: for matmul libraries that take GELU and its gradient while they
// write a product. Elsewhere, and for shapes for which the library has no such product, they are the two
// kernels they consist of. GELU is the tanh form (kernels/activation/activation.h).
namespace cloze {

// pre_activation[rows, out] = input · weightᵀ + bias; output = gelu(pre_activation)
struct LinearGelu {
  Tensor input;                // [rows, in]; input.live is the live row count
  Tensor weight;               // [out, in]
  Tensor bias;                 // [1, out]
  Tensor pre_activation = {};  // [rows, out], or none where nothing reads it again
  Tensor output;               // [rows, out]; aliases nothing
  OperandRounding rounding = OperandRounding::none;
};

// pre_gradient[rows, in] = (output_gradient[rows, out] · weight) * gelu'(pre_activation): back through a
// layer and the GELU that made its input.
struct LinearGeluGradient {
  Tensor output_gradient;  // [rows, out]; its live rows count
  Tensor weight;           // [out, in]
  Tensor pre_activation;   // [rows, in]
  Tensor pre_gradient;     // [rows, in]; aliases nothing
  OperandRounding rounding = OperandRounding::none;
};

void linear_gelu(Reference&, const LinearGelu&);
void linear_gelu(Cpu&, const LinearGelu&);
void linear_gelu(Cuda&, const LinearGelu&);
void linear_gelu_gradient(Reference&, const LinearGeluGradient&);
void linear_gelu_gradient(Cpu&, const LinearGeluGradient&);
void linear_gelu_gradient(Cuda&, const LinearGeluGradient&);

}  // namespace cloze
