#include "kernels/cross_entropy/cross_entropy_cuda.h"

#include "kernels/common/launch.h"
#include "kernels/common/storage.h"
#include "kernels/common/warp.cuh"

namespace cloze {
namespace {

constexpr int sum_threads = 1024;

// loss = scale · Σ row_loss: every thread its rows, the threads in a fixed order.
__global__ void __launch_bounds__(sum_threads) sum_kernel(CrossEntropy op) {
  __shared__ double scratch[sum_threads / warp_lanes];
  const int64_t rows = op.logits.live_rows();
  double mine = 0;
  for (int64_t row = static_cast<int64_t>(threadIdx.x); row < rows; row += sum_threads)
    mine += static_cast<double>(*op.row_loss.row<float>(row));
  const double sum = block_sum(mine, scratch);
  if (threadIdx.x == 0)
    *op.loss.as<float>() = static_cast<float>(static_cast<double>(*op.scale.as<float>()) * sum);
}

}  // namespace

void cross_entropy(Cuda& device, const CrossEntropy& op) {
  constexpr int64_t few_classes = 1024;
  // Smoothed and weighted losses are of tasks with few classes, so only that kernel knows them.
  const bool plain = op.smoothing == 0 && !op.weights;
  const bool vectors = plain && holds_groups({op.logits, op.gradient});
  if (vectors && op.logits.columns > few_classes)
    cross_entropy_of_vocabulary(device, op);
  else
    cross_entropy_of_classes(device, op);
  launch(device, {1, sum_threads}, sum_kernel, op);
}

}  // namespace cloze
