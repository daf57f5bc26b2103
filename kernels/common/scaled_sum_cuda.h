#pragma once

#include "kernels/common/cuda.h"
#include "kernels/common/tensor.h"

namespace cloze {

// sum [1, 1] = scale [1, 1] · Σ values, f32, over the live rows of `values` [rows, columns]: in double, in a
// fixed order. The mean loss out of the losses of rows.
void scaled_sum(Cuda& device, const Tensor& values, const Tensor& scale, const Tensor& sum);

}  // namespace cloze
