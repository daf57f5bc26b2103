#include "kernels/common/column_sum_cuda.h"
#include "kernels/common/dropout.cuh"
#include "kernels/common/launch.h"
#include "kernels/common/shared_memory.cuh"
#include "kernels/common/storage.h"
#include "kernels/embedding/embedding_rows.cuh"
#include "kernels/embedding/embedding_tables_cuda.h"
#include "kernels/layer_norm/row_block.cuh"

namespace cloze {
namespace {

constexpr int most_threads = 256;

// The gradient of the sum, and per chunk of rows the partial sums of gamma, beta and the types, [2 + types,
// hidden]. Type gradients are added up in shared memory, [slots, types, hidden]: a thread's own columns of
// the slot and type of its row.
template <typename T>
__global__ void __launch_bounds__(most_threads) backward_kernel(EmbeddingBackward op, RowBlock block) {
  const int hidden = static_cast<int>(op.sum_gradient.columns), types = static_cast<int>(op.type.rows);
  const int64_t first = int64_t{blockIdx.x} * column_sum_chunk_rows, live = op.output_gradient.live_rows();
  if (first >= live) return;
  const int64_t end = first + column_sum_chunk_rows < live ? first + column_sum_chunk_rows : live;
  const RowPlace place(block);
  const bool has_columns = place.column < hidden;
  auto* scratch = dynamic_shared_memory<float>();
  auto* pairs = dynamic_shared_memory<PairSum>();
  float* type_sums = scratch + block.threads() * group;
  const auto type_columns = [&](int slot, int type) { return type_sums + (slot * types + type) * hidden; };

  float gamma[group], gamma_sums[group] = {}, beta_sums[group] = {};
  if (has_columns) {
    const float zeros[group] = {};
    load_parameters(op.gamma, place.column, group, true, gamma);
    for (int type = 0; type < types; ++type)
      store_group(type_columns(place.slot, type) + place.column, zeros);
  }
  int half = 0;
  for (int64_t base = first; base < end; base += block.slots, half ^= 1) {
    const int64_t row = base + place.slot;
    const bool mine = row < end && has_columns;
    float normalized[group], scaled[group];
    PairSum sums = {0, 0};
    if (mine) {
      const float mean = op.statistics.row<float>(row)[0], rstd = op.statistics.row<float>(row)[1];
      load_embedding_sum(op, EmbeddingOffsets(op, row), place.column, normalized);
      load_group(op.output_gradient.row<T>(row) + place.column, scaled);
      apply_dropout(dropout_row(op.dropout, row), place.column / group, scaled);
#pragma unroll
      for (int i = 0; i < group; ++i) {
        normalized[i] = (normalized[i] - mean) * rstd;
        gamma_sums[i] += scaled[i] * normalized[i];
        beta_sums[i] += scaled[i];
        scaled[i] *= gamma[i];
        sums.first += scaled[i];
        sums.second += scaled[i] * normalized[i];
      }
    }
    sums = row_sums(block, sums, pairs + half * block_warps());
    if (!mine) continue;
    const float rstd = op.statistics.row<float>(row)[1], count = static_cast<float>(hidden);
    float* type_sum = type_columns(place.slot, *op.token_types.row<int32_t>(row)) + place.column;
    float present[group];
    load_group(type_sum, present);
#pragma unroll
    for (int i = 0; i < group; ++i) {
      scaled[i] = rstd * (scaled[i] - sums.first / count - normalized[i] * (sums.second / count));
      present[i] += scaled[i];
    }
    store_group(op.sum_gradient.row<T>(row) + place.column, scaled);
    store_group(type_sum, present);
  }
  float* partials = op.workspace.as<float>() + int64_t{blockIdx.x} * (2 + types) * hidden;
  write_chunk_sums(block, place, hidden, gamma_sums, scratch, partials);
  write_chunk_sums(block, place, hidden, beta_sums, scratch, partials + hidden);
  for (int i = static_cast<int>(threadIdx.x); i < types * hidden; i += static_cast<int>(blockDim.x)) {
    float sum = 0;
    for (int slot = 0; slot < block.slots; ++slot) sum += type_columns(slot, 0)[i];
    partials[2 * hidden + i] = sum;
  }
}

// As many rows at a time as the threads and, for the types' sums, shared memory allow.
RowBlock fitting_block(const Cuda& device, int64_t hidden, int64_t types, int64_t& shared_bytes) {
  RowBlock block = row_block(hidden);
  const auto bytes = [&] {
    return static_cast<int64_t>(sizeof(float)) * (block.threads() * group + block.slots * types * hidden);
  };
  while (block.slots > 1 && (block.threads() > most_threads || bytes() > device.shared_bytes))
    block.slots /= 2;
  shared_bytes = bytes();
  if (shared_bytes > device.shared_bytes)
    throw CudaError("embedding_backward: the gradients of " + std::to_string(types) + " token types of " +
                    std::to_string(hidden) + " columns do not fit in the shared memory of this GPU");
  return block;
}

}  // namespace

void embedding_backward(Cuda& device, const EmbeddingBackward& op) {
  require_groups("embedding_backward", {op.output_gradient, op.word, op.type, op.position, op.gamma,
                                        op.sum_gradient, op.word_gradient, op.position_gradient});
  const int64_t hidden = op.sum_gradient.columns, types = op.type.rows;
  require_row_width("embedding_backward", hidden);
  int64_t shared_bytes = 0;
  const RowBlock block = fitting_block(device, hidden, types, shared_bytes);
  const LaunchShape shape{column_sum_chunks(op.output_gradient.rows), block.threads(), shared_bytes};
  with_storage_type(op.sum_gradient, "embedding_backward",
                    [&]<typename T>(T) { launch(device, shape, backward_kernel<T>, op, block); });
  const auto finish = [&](int64_t part, float* sums) {
    finish_column_sums(device, op.workspace.as<float>() + part * hidden, op.output_gradient,
                       (2 + types) * hidden, hidden, op.mode, sums);
  };
  finish(0, op.gamma_gradient.as<float>());
  finish(1, op.beta_gradient.as<float>());
  for (int64_t type = 0; type < types; ++type) finish(2 + type, op.type_gradient.row<float>(type));
  add_word_rows(device, op);  // the workspace is free again
  add_position_rows(device, op);
}

}  // namespace cloze
