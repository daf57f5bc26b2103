// The word table's gradient: rows of the batch summed over runs of equal tokens in token order. A block takes
// one piece of the order. Runs inside a piece are written at once; a run that crosses pieces leaves a partial
// sum in each ([MASK] alone is a tenth of a batch), and a second kernel adds those up, in order.
#include "kernels/common/launch.h"
#include "kernels/common/storage.h"
#include "kernels/common/vector.cuh"
#include "kernels/embedding/embedding_tables_cuda.h"

namespace cloze {
namespace {

constexpr int piece_rows = column_sum_chunk_rows;
constexpr int threads = 128;  // a group of columns each

__device__ int token_at(const EmbeddingBackward& op, int64_t place) {
  return *op.tokens.row<int32_t>(*op.token_order.row<int32_t>(place));
}

// Of every piece, [2, hidden]: the sum of a run that began before it, and of one that goes on after it.
__device__ float* piece_sums(const EmbeddingBackward& op, int64_t piece, bool goes_on) {
  return op.workspace.as<float>() + (2 * piece + (goes_on ? 1 : 0)) * op.sum_gradient.columns;
}

// word_gradient[token] (=, +=) sums. In overwrite mode the table was cleared.
__device__ void add_to_table(const EmbeddingBackward& op, int token, int column, float (&sums)[group]) {
  float* target = op.word_gradient.row<float>(token) + column;
  if (op.word_mode == GradientMode::accumulate) {
    float present[group];
    load_group(target, present);
#pragma unroll
    for (int i = 0; i < group; ++i) sums[i] += present[i];
  }
  store_group(target, sums);
}

template <typename T>
__global__ void __launch_bounds__(threads) pieces_kernel(EmbeddingBackward op) {
  const int column = static_cast<int>(blockIdx.y * threads + threadIdx.x) * group;
  const int64_t live = op.output_gradient.live_rows(), first = int64_t{blockIdx.x} * piece_rows;
  if (column >= op.sum_gradient.columns || first >= live) return;
  const int64_t end = first + piece_rows < live ? first + piece_rows : live;
  int token = token_at(op, first);
  bool began_before = first > 0 && token_at(op, first - 1) == token;
  float sums[group] = {};
  for (int64_t place = first; place < end; ++place) {
    float values[group];
    load_group(op.sum_gradient.row<T>(*op.token_order.row<int32_t>(place)) + column, values);
#pragma unroll
    for (int i = 0; i < group; ++i) sums[i] += values[i];
    const int next = place + 1 < live ? token_at(op, place + 1) : -1;
    if (next == token && place + 1 < end) continue;
    if (began_before)
      store_group(piece_sums(op, blockIdx.x, false) + column, sums);
    else if (next == token)
      store_group(piece_sums(op, blockIdx.x, true) + column, sums);
    else
      add_to_table(op, token, column, sums);
    token = next;
    began_before = false;
#pragma unroll
    for (int i = 0; i < group; ++i) sums[i] = 0;
  }
}

// The block of the piece in which a crossing run begins adds up its partial sums.
__global__ void __launch_bounds__(threads) crossings_kernel(EmbeddingBackward op) {
  const int column = static_cast<int>(blockIdx.y * threads + threadIdx.x) * group;
  const int64_t live = op.output_gradient.live_rows(), first = int64_t{blockIdx.x} * piece_rows;
  const int64_t end = first + piece_rows;
  if (column >= op.sum_gradient.columns || end >= live) return;
  const int token = token_at(op, end - 1);
  const bool goes_on = token_at(op, end) == token;
  const bool began_before = first > 0 && token_at(op, first) == token && token_at(op, first - 1) == token;
  if (!goes_on || began_before) return;
  float sums[group];
  load_group(piece_sums(op, blockIdx.x, true) + column, sums);
  for (int64_t piece = int64_t{blockIdx.x} + 1; piece * piece_rows < live; ++piece) {
    if (token_at(op, piece * piece_rows) != token) break;
    float values[group];
    load_group(piece_sums(op, piece, false) + column, values);
#pragma unroll
    for (int i = 0; i < group; ++i) sums[i] += values[i];
  }
  add_to_table(op, token, column, sums);
}

__global__ void clear_table(Tensor table) {
  const int column = static_cast<int>(blockIdx.y * threads + threadIdx.x) * group;
  const float zeros[group] = {};
  if (column < table.columns)
    for (int64_t row = blockIdx.x; row < table.rows; row += gridDim.x)
      store_group(table.row<float>(row) + column, zeros);
}

}  // namespace

void add_word_rows(Cuda& device, const EmbeddingBackward& op) {
  const int64_t tiles = (op.sum_gradient.columns + threads * group - 1) / (threads * group);
  if (op.word_mode == GradientMode::overwrite)
    launch(device, {looping_blocks(device, op.word_gradient.rows, 1), threads, 0, tiles}, clear_table,
           op.word_gradient);
  const LaunchShape shape{column_sum_chunks(op.output_gradient.rows), threads, 0, tiles};
  with_storage_type(op.sum_gradient, "embedding_backward",
                    [&]<typename T>(T) { launch(device, shape, pieces_kernel<T>, op); });
  launch(device, shape, crossings_kernel, op);
}

}  // namespace cloze
