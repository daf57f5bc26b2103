#pragma once

#include "kernels/common/column_sum.h"
#include "kernels/common/cuda.h"
#include "kernels/common/tensor.h"

namespace cloze {

// The second stage: sums[columns] (=, +=) Σ over the chunks of `counted`'s live rows of
// partials[chunk * partial_stride + column].
void finish_column_sums(Cuda& device, const float* partials, const Tensor& counted, int64_t partial_stride,
                        int64_t columns, GradientMode mode, float* sums);

}  // namespace cloze
