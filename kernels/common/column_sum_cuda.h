#pragma once

#include "kernels/common/column_sum.h"
#include "kernels/common/cuda.h"
#include "kernels/common/tensor.h"

namespace cloze {

// The second stage: sums[columns] (=, +=) Σ over the chunks of `counted`'s live rows of
// partials[chunk * partial_stride + column].
void finish_column_sums(Cuda& device, const float* partials, const Tensor& counted, int64_t partial_stride,
                        int64_t columns, GradientMode mode, float* sums);

// The same of up to three side by side, partials[chunk * 3 * columns + which * columns + column], in one
// launch; null: not wanted.
struct ThreeSums {
  float* sums[3];
};
void finish_three_column_sums(Cuda& device, const float* partials, const Tensor& counted, int64_t columns,
                              GradientMode mode, const ThreeSums& three);

}  // namespace cloze
