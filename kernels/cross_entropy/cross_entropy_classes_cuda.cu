#include "kernels/common/launch.h"
#include "kernels/common/row_loop.cuh"
#include "kernels/common/storage.h"
#include "kernels/cross_entropy/cross_entropy_cuda.h"

namespace cloze {
namespace {

template <typename T>
__global__ void __launch_bounds__(row_loop_threads) classes_kernel(CrossEntropy op) {
  const int classes = static_cast<int>(op.classes), columns = static_cast<int>(op.logits.columns);
  const float scale = *op.scale.as<float>();
  const int64_t rows = op.logits.live_rows(), step = int64_t{gridDim.x} * row_loop_rows;
  for (int64_t row = int64_t{blockIdx.x} * row_loop_rows + warp_index(); row < rows; row += step) {
    const T* logits = op.logits.row<T>(row);
    const int label = *op.labels.row<int32_t>(row);
    float maximum = -INFINITY;
    for (int c = lane_index(); c < classes; c += warp_lanes) maximum = fmaxf(maximum, load_one(logits + c));
    maximum = warp_maximum(maximum);
    const float label_logit = label < 0 ? 0.0f : load_one(logits + label);
    float sum = 0;
    bool beaten = false;  // by an earlier class as high, or any higher
    for (int c = lane_index(); c < classes; c += warp_lanes) {
      const float logit = load_one(logits + c);
      sum += expf(logit - maximum);
      beaten = beaten || logit > label_logit || (logit == label_logit && c < label);
    }
    sum = warp_sum(sum);
    const bool correct = label >= 0 && !__any_sync(whole_warp, beaten);
    if (lane_index() == 0) {
      *op.row_loss.row<float>(row) = label < 0 ? 0.0f : logf(sum) + (maximum - label_logit);
      *op.row_correct.row<int32_t>(row) = correct ? 1 : 0;
    }
    if (!op.gradient) continue;
    __syncwarp();  // in place: every lane has read the label's logit
    for (int c = lane_index(); c < columns; c += warp_lanes) {
      float gradient = 0;
      if (label >= 0 && c < classes)
        gradient = scale * (expf(load_one(logits + c) - maximum) / sum - (c == label ? 1.0f : 0.0f));
      store_one(op.gradient.row<T>(row) + c, gradient);
    }
  }
}

}  // namespace

void cross_entropy_of_classes(Cuda& device, const CrossEntropy& op) {
  const LaunchShape shape{looping_blocks(device, op.logits.rows, row_loop_rows), row_loop_threads};
  with_storage_type(op.logits, "cross_entropy",
                    [&]<typename T>(T) { launch(device, shape, classes_kernel<T>, op); });
}

}  // namespace cloze
