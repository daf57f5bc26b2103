#include "kernels/common/dropout.cuh"
#include "kernels/common/launch.h"
#include "kernels/common/row_loop.cuh"
#include "kernels/common/storage.h"
#include "kernels/embedding/embedding_rows.cuh"
#include "kernels/layer_norm/row_block.cuh"
#include "kernels/layer_norm/row_groups.cuh"

namespace cloze {
namespace {

// A warp per row, which stays in registers.
template <typename T, int groups>
__global__ void __launch_bounds__(row_loop_threads, groups > 4 ? 1 : 2) forward_kernel(EmbeddingForward op) {
  const int hidden = static_cast<int>(op.output.columns);
  const int64_t rows = op.tokens.live_rows(), step = int64_t{gridDim.x} * row_loop_rows;
  for (int64_t row = int64_t{blockIdx.x} * row_loop_rows + warp_index(); row < rows; row += step) {
    const DropoutRow mask = dropout_row(op.dropout, row);
    const EmbeddingOffsets rows_of(op, row);
    RowGroups<groups> x;
    x.for_each(hidden, [&](int k, int column) { load_embedding_sum(op, rows_of, column, x.values[k]); });
    const RowStatistics statistics = row_statistics(x, hidden, op.epsilon);
    x.for_each(hidden, [&](int k, int column) {
      normalize_group(x.values[k], statistics, op.gamma, op.beta, column);
      apply_dropout(mask, column / group, x.values[k]);
      store_group(op.output.row<T>(row) + column, x.values[k]);
    });
    if (op.statistics && lane_index() == 0) {
      op.statistics.row<float>(row)[0] = statistics.mean;
      op.statistics.row<float>(row)[1] = statistics.rstd;
    }
  }
}

}  // namespace

void embedding_forward(Cuda& device, const EmbeddingForward& op) {
  require_groups("embedding", {op.word, op.type, op.position, op.gamma, op.beta, op.output});
  require_row_width("embedding", op.output.columns);
  const LaunchShape shape{looping_blocks(device, op.tokens.rows, row_loop_rows), row_loop_threads};
  with_storage_type(op.output, "embedding", [&]<typename T>(T) {
    with_row_groups(op.output.columns,
                    [&]<int groups>() { launch(device, shape, forward_kernel<T, groups>, op); });
  });
}

}  // namespace cloze
