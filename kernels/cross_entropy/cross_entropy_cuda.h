#pragma once

#include "kernels/common/cuda.h"
#include "kernels/cross_entropy/cross_entropy.h"

namespace cloze {

// Row losses, hits and gradients, for vocabularies (a block per row, which is read once and stays in
// registers) and for a few classes (a warp per row). The sum over rows is taken afterwards.
void cross_entropy_of_vocabulary(Cuda& device, const CrossEntropy& op);
void cross_entropy_of_classes(Cuda& device, const CrossEntropy& op);

}  // namespace cloze
