#include "kernels/common/launch.h"
#include "kernels/common/row_loop.cuh"
#include "kernels/common/storage.h"
#include "kernels/cross_entropy/cross_entropy_cuda.h"

namespace cloze {
namespace {

template <typename T>
__global__ void __launch_bounds__(row_loop_threads) classes_kernel(CrossEntropy op) {
  const int classes = static_cast<int>(op.classes), columns = static_cast<int>(op.logits.columns);
  const float elsewhere =
      op.smoothing / static_cast<float>(classes);  // of the target, beside the label's part
  const int64_t rows = op.logits.live_rows(), step = int64_t{gridDim.x} * row_loop_rows;
  for (int64_t row = int64_t{blockIdx.x} * row_loop_rows + warp_index(); row < rows; row += step) {
    const T* logits = op.logits.row<T>(row);
    const int label = *op.labels.row<int32_t>(row);
    float maximum = -INFINITY;
    for (int c = lane_index(); c < classes; c += warp_lanes) maximum = fmaxf(maximum, load_one(logits + c));
    maximum = warp_maximum(maximum);
    const float label_logit = label < 0 ? 0.0f : load_one(logits + label);
    const float weight = op.weights ? *op.weights.row<float>(row) : 1.0f;
    float sum = 0, total = 0;
    bool beaten = false;  // by an earlier class as high, or any higher
    for (int c = lane_index(); c < classes; c += warp_lanes) {
      const float logit = load_one(logits + c);
      sum += expf(logit - maximum);
      total += logit;
      beaten = beaten || logit > label_logit || (logit == label_logit && c < label);
    }
    sum = warp_sum(sum);
    total = warp_sum(total);
    const bool correct = label >= 0 && !__any_sync(whole_warp, beaten);
    if (lane_index() == 0) {
      float loss = logf(sum) + (maximum - label_logit);
      if (op.smoothing > 0) loss += op.smoothing * (label_logit - total / static_cast<float>(classes));
      *op.row_loss.row<float>(row) = label < 0 ? 0.0f : weight * loss;
      *op.row_correct.row<int32_t>(row) = correct ? 1 : 0;
    }
    if (!op.gradient) continue;
    __syncwarp();  // in place: every lane has read the label's logit
    const float scale = *op.scale.as<float>() * weight;
    for (int c = lane_index(); c < columns; c += warp_lanes) {
      float gradient = 0;
      if (label >= 0 && c < classes) {
        const float target = elsewhere + (c == label ? 1 - op.smoothing : 0.0f);
        gradient = scale * (expf(load_one(logits + c) - maximum) / sum - target);
      }
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
