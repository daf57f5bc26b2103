#include "kernels/cross_entropy/cross_entropy_cuda.h"

#include "kernels/common/scaled_sum_cuda.h"
#include "kernels/common/storage.h"

namespace cloze {

void cross_entropy(Cuda& device, const CrossEntropy& op) {
  constexpr int64_t few_classes = 1024;
  // Smoothed and weighted losses are of tasks with few classes, so only that kernel knows them.
  const bool plain = op.smoothing == 0 && !op.weights;
  const bool vectors = plain && holds_groups({op.logits, op.gradient});
  if (vectors && op.logits.columns > few_classes)
    cross_entropy_of_vocabulary(device, op);
  else
    cross_entropy_of_classes(device, op);
  Tensor losses = op.row_loss;
  losses.live = op.logits.live;
  scaled_sum(device, losses, op.scale, op.loss);
}

}  // namespace cloze
