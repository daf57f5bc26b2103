#pragma once

#include "kernels/common/device.h"
#include "kernels/common/tensor.h"

// The matrix products of a dense layer in FP8 (kernels/quantize/quantize.h): forward from x and weight, the
// gradient of x from that of the output and the transposed weight, the gradient of the weight from the other
// two transposed.
namespace cloze {

// output[rows, columns] (=, +=) (left[rows, depth] · right[columns, depth]ᵀ) * left_inverse * right_inverse
// + bias, in f32 sums.
struct ScaledProduct {
  Tensor left, right;                  // FP8, at most one of them f8_e5m2; the live rows of left count
  Tensor left_inverse, right_inverse;  // [1, 1]: one over what their values were multiplied by
  Tensor bias = {};                    // [1, columns], or none; of a product that overwrites
  Tensor output;                       // [rows, columns] f32; on a GPU also bf16; aliases nothing
  GradientMode mode = GradientMode::overwrite;
  // On a GPU: sums may be kept in fewer places while they are made, as NVIDIA's libraries do in forward.
  bool quick_sums = false;
};

// The first compute capability of a GPU that has such products.
constexpr int first_capability_of_float8 = 89;

void scaled_product(Reference&, const ScaledProduct&);
void scaled_product(Cpu&, const ScaledProduct&);
void scaled_product(Cuda&, const ScaledProduct&);

}  // namespace cloze
