#include "kernels/common/launch.h"
#include "kernels/common/row_loop.cuh"
#include "kernels/common/scaled_sum_cuda.h"
#include "kernels/common/storage.h"
#include "kernels/segment_cross_entropy/segment_cross_entropy.h"

namespace cloze {
namespace {

// A warp per column of a segment: some hundred values.
template <typename T>
__global__ void __launch_bounds__(row_loop_threads) segments_kernel(SegmentCrossEntropy op) {
  const int columns = static_cast<int>(op.labels.columns);
  const int64_t tasks = op.labels.live_rows() * columns, step = int64_t{gridDim.x} * row_loop_rows;
  for (int64_t task = int64_t{blockIdx.x} * row_loop_rows + warp_index(); task < tasks; task += step) {
    const int64_t segment = task / columns;
    const int column = static_cast<int>(task % columns);
    const int32_t* offsets = op.offsets.as<int32_t>();
    const int first = offsets[segment], rows = offsets[segment + 1] - first;
    const int label = op.labels.row<int32_t>(segment)[column];
    const auto logit = [&](int row) { return load_one(op.logits.row<T>(first + row) + column); };
    float maximum = -INFINITY;
    for (int row = lane_index(); row < rows; row += warp_lanes) maximum = fmaxf(maximum, logit(row));
    maximum = warp_maximum(maximum);
    const float label_logit = label < 0 ? 0.0f : logit(label);
    float sum = 0;
    bool beaten = false;  // by an earlier row as high, or any higher
    for (int row = lane_index(); row < rows; row += warp_lanes) {
      const float value = logit(row);
      sum += expf(value - maximum);
      beaten = beaten || value > label_logit || (value == label_logit && row < label);
    }
    sum = warp_sum(sum);
    const bool correct = label >= 0 && !__any_sync(whole_warp, beaten);
    if (lane_index() == 0) {
      op.row_loss.row<float>(segment)[column] = label < 0 ? 0.0f : logf(sum) + (maximum - label_logit);
      op.row_correct.row<int32_t>(segment)[column] = correct ? 1 : 0;
    }
    if (!op.gradient) continue;
    __syncwarp();  // in place: every lane has read the label's logit
    const float scale = *op.scale.as<float>();
    for (int row = lane_index(); row < rows; row += warp_lanes) {
      const float probability = expf(logit(row) - maximum) / sum;
      const float gradient = label < 0 ? 0.0f : scale * (probability - (row == label ? 1.0f : 0.0f));
      store_one(op.gradient.row<T>(first + row) + column, gradient);
    }
  }
}

}  // namespace

void segment_cross_entropy(Cuda& device, const SegmentCrossEntropy& op) {
  const LaunchShape shape{looping_blocks(device, op.labels.rows * op.labels.columns, row_loop_rows),
                          row_loop_threads};
  with_storage_type(op.logits, "segment_cross_entropy",
                    [&]<typename T>(T) { launch(device, shape, segments_kernel<T>, op); });
  Tensor losses = op.row_loss;
  losses.live = op.labels.live;
  scaled_sum(device, losses, op.scale, op.loss);
}

}  // namespace cloze
