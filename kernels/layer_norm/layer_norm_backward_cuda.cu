#include "kernels/common/column_sum_cuda.h"
#include "kernels/common/dropout.cuh"
#include "kernels/common/launch.h"
#include "kernels/common/shared_memory.cuh"
#include "kernels/common/storage.h"
#include "kernels/layer_norm/layer_norm.h"
#include "kernels/layer_norm/row_block.cuh"

namespace cloze {
namespace {

// One group of columns of one row. Notation: layer_norm_reference.cpp.
struct Columns {
  float normalized[group], scaled[group], output_gradient[group];
};

template <typename T>
__device__ PairSum load_row(const LayerNormBackward& op, int64_t row, int column, const float (&gamma)[group],
                            Columns& c) {
  const float mean = op.statistics.row<float>(row)[0], rstd = op.statistics.row<float>(row)[1];
  load_group(op.output_gradient.row<T>(row) + column, c.output_gradient);
  load_group(op.sum.row<T>(row) + column, c.normalized);
  PairSum sums = {0, 0};
#pragma unroll
  for (int i = 0; i < group; ++i) {
    c.normalized[i] = (c.normalized[i] - mean) * rstd;
    c.scaled[i] = c.output_gradient[i] * gamma[i];
    sums.first += c.scaled[i];
    sums.second += c.scaled[i] * c.normalized[i];
  }
  return sums;
}

// Gradients of the sum and, through the dropout, of the input; the latter is left in c.scaled.
template <typename T>
__device__ void write_row(const LayerNormBackward& op, int64_t row, int column, PairSum means, Columns& c) {
  const float rstd = op.statistics.row<float>(row)[1];
#pragma unroll
  for (int i = 0; i < group; ++i)
    c.scaled[i] = rstd * (c.scaled[i] - means.first - c.normalized[i] * means.second);
  store_group(op.sum_gradient.row<T>(row) + column, c.scaled);
  apply_dropout(dropout_row(op.dropout, row), column / group, c.scaled);
  if (op.input_gradient) store_group(op.input_gradient.row<T>(row) + column, c.scaled);
}

// A block per chunk of rows; partial sums {gamma, beta, bias} [3, hidden] per chunk.
template <typename T>
__global__ void __launch_bounds__(512) backward_kernel(LayerNormBackward op, RowBlock block) {
  const int hidden = static_cast<int>(op.sum.columns);
  const int64_t first = int64_t{blockIdx.x} * column_sum_chunk_rows, live = op.output_gradient.live_rows();
  if (first >= live) return;
  const int64_t end = first + column_sum_chunk_rows < live ? first + column_sum_chunk_rows : live;
  const RowPlace place(block);
  auto* scratch = dynamic_shared_memory<float>();
  auto* pairs = dynamic_shared_memory<PairSum>();

  float gamma[group], gamma_sums[group] = {}, beta_sums[group] = {}, bias_sums[group] = {};
  if (place.column < hidden) load_parameters(op.gamma, place.column, group, true, gamma);
  int half = 0;
  for (int64_t base = first; base < end; base += block.slots, half ^= 1) {
    const int64_t row = base + place.slot;
    const bool mine = row < end && place.column < hidden;
    Columns c;
    PairSum sums = {0, 0};
    if (mine) sums = load_row<T>(op, row, place.column, gamma, c);
    sums = row_sums(block, sums, pairs + half * block_warps());
    if (!mine) continue;
    const auto count = static_cast<float>(hidden);
    write_row<T>(op, row, place.column, {sums.first / count, sums.second / count}, c);
#pragma unroll
    for (int i = 0; i < group; ++i) {
      gamma_sums[i] += c.output_gradient[i] * c.normalized[i];
      beta_sums[i] += c.output_gradient[i];
      bias_sums[i] += c.scaled[i];
    }
  }
  float* partials = op.workspace.as<float>() + int64_t{blockIdx.x} * 3 * hidden;
  write_chunk_sums(block, place, hidden, gamma_sums, scratch, partials);
  write_chunk_sums(block, place, hidden, beta_sums, scratch, partials + hidden);
  if (op.bias_gradient) write_chunk_sums(block, place, hidden, bias_sums, scratch, partials + 2 * hidden);
}

}  // namespace

void layer_norm_backward(Cuda& device, const LayerNormBackward& op) {
  require_groups("layer_norm_backward",
                 {op.output_gradient, op.sum, op.gamma, op.sum_gradient, op.input_gradient});
  const int64_t hidden = op.sum.columns;
  require_row_width("layer_norm_backward", hidden);
  const RowBlock block = row_block(hidden);
  const LaunchShape shape{column_sum_chunks(op.output_gradient.rows), block.threads(),
                          static_cast<int64_t>(sizeof(float)) * block.threads() * group};
  with_storage_type(op.sum_gradient, "layer_norm_backward",
                    [&]<typename T>(T) { launch(device, shape, backward_kernel<T>, op, block); });
  const auto sums_of = [](const Tensor& gradient) { return gradient ? gradient.as<float>() : nullptr; };
  finish_three_column_sums(
      device, op.workspace.as<float>(), op.output_gradient, hidden, op.mode,
      {{sums_of(op.gamma_gradient), sums_of(op.beta_gradient), sums_of(op.bias_gradient)}});
}

}  // namespace cloze
