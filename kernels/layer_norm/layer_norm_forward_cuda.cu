#include "kernels/common/dropout.cuh"
#include "kernels/common/launch.h"
#include "kernels/common/row_loop.cuh"
#include "kernels/common/storage.h"
#include "kernels/layer_norm/layer_norm.h"
#include "kernels/layer_norm/row_block.cuh"
#include "kernels/layer_norm/row_groups.cuh"

namespace cloze {
namespace {

// dropout(input + bias) + residual of one group, kept in `sum` where backward wants it.
template <typename T>
__device__ void sum_group(const LayerNormForward& op, const DropoutRow& mask, int64_t row, int column,
                          float (&values)[group]) {
  load_group(op.input.row<T>(row) + column, values);
  if (op.bias) {
    float bias[group];
    load_parameters(op.bias, column, group, true, bias);
#pragma unroll
    for (int i = 0; i < group; ++i) values[i] += bias[i];
  }
  apply_dropout(mask, column / group, values);
  if (op.residual) {
    float residual[group];
    load_group(op.residual.row<T>(row) + column, residual);
#pragma unroll
    for (int i = 0; i < group; ++i) values[i] += residual[i];
  }
  if (op.sum) store_group(op.sum.row<T>(row) + column, values);
}

// A warp per row; the row stays in registers between its reading and its writing.
template <typename T, int groups>
__global__ void __launch_bounds__(row_loop_threads) forward_kernel(LayerNormForward op) {
  const int hidden = static_cast<int>(op.input.columns);
  const int64_t rows = op.input.live_rows(), step = int64_t{gridDim.x} * row_loop_rows;
  for (int64_t row = int64_t{blockIdx.x} * row_loop_rows + warp_index(); row < rows; row += step) {
    const DropoutRow mask = dropout_row(op.dropout, row);
    RowGroups<groups> x;
    x.for_each(hidden, [&](int k, int column) { sum_group<T>(op, mask, row, column, x.values[k]); });
    const RowStatistics statistics = row_statistics(x, hidden, op.epsilon);
    x.for_each(hidden, [&](int k, int column) {
      normalize_group(x.values[k], statistics, op.gamma, op.beta, column);
      store_group(op.output.row<T>(row) + column, x.values[k]);
    });
    if (op.statistics && lane_index() == 0) {
      op.statistics.row<float>(row)[0] = statistics.mean;
      op.statistics.row<float>(row)[1] = statistics.rstd;
    }
  }
}

}  // namespace

void layer_norm_forward(Cuda& device, const LayerNormForward& op) {
  require_groups("layer_norm", {op.input, op.bias, op.residual, op.gamma, op.beta, op.sum, op.output});
  require_row_width("layer_norm", op.input.columns);
  const LaunchShape shape{looping_blocks(device, op.input.rows, row_loop_rows), row_loop_threads};
  with_storage_type(op.output, "layer_norm", [&]<typename T>(T) {
    with_row_groups(op.input.columns,
                    [&]<int groups>() { launch(device, shape, forward_kernel<T, groups>, op); });
  });
}

}  // namespace cloze
