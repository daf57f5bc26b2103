#pragma once

#include "kernels/common/device.h"
#include "kernels/common/tensor.h"

// Dense layers. Weights are [out, in], as in Hugging Face checkpoints, so that stacked weights (query, key,
// value) are one taller matrix. Contract for all: float32 on the CPU, float64 on the reference; views may be
// strided. The CPU divides a result over its threads: another number of threads may round differently, the
// same never.
namespace cloze {

// What becomes of operands as they are multiplied: a matter of speed on CPUs that multiply bf16 faster
// (rounded_product.h). Cpu only; the other devices' operands are rounded as they are stored.
enum class OperandRounding : uint8_t { none, bf16 };

// output[rows, out] = input[rows, in] · weightᵀ + bias
struct LinearForward {
  Tensor input;      // [rows, in]; input.live is the live row count
  Tensor weight;     // [out, in]
  Tensor bias = {};  // [1, out], or none
  Tensor output;     // [rows, out]; aliases nothing
  OperandRounding rounding = OperandRounding::none;
};

// input_gradient[rows, in] (=, +=) output_gradient[rows, out] · weight
struct LinearInputGradient {
  Tensor output_gradient;  // [rows, out]; its live rows count
  Tensor weight;           // [out, in]
  Tensor input_gradient;   // [rows, in]
  GradientMode mode = GradientMode::overwrite;
  OperandRounding rounding = OperandRounding::none;
};

// weight_gradient[out, in] (=, +=) output_gradient[rows, out]ᵀ · input[rows, in], over live rows
// (none live: zero in overwrite mode); with bias_gradient[1, out] (=, +=) the column sums of output_gradient.
struct LinearWeightGradient {
  Tensor output_gradient;  // [rows, out]; its live rows count
  Tensor input;            // [rows, in]
  Tensor weight_gradient;  // [out, in]
  GradientMode mode = GradientMode::overwrite;
  OperandRounding rounding = OperandRounding::none;
  Tensor bias_gradient = {};                         // or none
  GradientMode bias_mode = GradientMode::overwrite;  // of bias_gradient
  Tensor workspace = {};  // column_sum_workspace(rows, out) elements when there is a bias_gradient
};

void linear_forward(Reference&, const LinearForward&);
void linear_forward(Cpu&, const LinearForward&);
void linear_forward(Cuda&, const LinearForward&);
void linear_input_gradient(Reference&, const LinearInputGradient&);
void linear_input_gradient(Cpu&, const LinearInputGradient&);
void linear_input_gradient(Cuda&, const LinearInputGradient&);
void linear_weight_gradient(Reference&, const LinearWeightGradient&);
void linear_weight_gradient(Cpu&, const LinearWeightGradient&);
void linear_weight_gradient(Cuda&, const LinearWeightGradient&);

}  // namespace cloze
