// Attention backward of sequences too long for the on-chip kernel, in two kernels without atomic sums: one
// block per tile of keys walks the queries, then one per tile of queries walks the keys. The scores are
// computed twice.
#include "kernels/attention/attention_cuda.h"
#include "kernels/attention/attention_gradient.cuh"
#include "kernels/common/launch.h"
#include "kernels/common/shared_memory.cuh"

namespace cloze {
namespace {

// Two where one would spill registers (tests/kernels/cuda_report_test.cpp).
template <int columns>
constexpr int score_pieces = columns <= 64 ? 2 : 1;

template <int columns>
constexpr int64_t shared_bytes = GradientTiles<columns>::bytes + tile_rows * sizeof(float2);

template <int columns>
__device__ GradientTiles<columns> place_tiles() {
  GradientTiles<columns> tiles(dynamic_shared_memory<BFloat16>());
  tiles.numbers = reinterpret_cast<float2*>(tiles.query.data + GradientTiles<columns>::elements);
  return tiles;
}

__device__ HeadRows head_rows(const AttentionBackward& op, int sequence, int head) {
  const int head_size = static_cast<int>(op.shape.head_size);
  return {sequence_rows(op.query_offsets, op.key_offsets, sequence), head, head_size, head * head_size};
}

template <int columns>
__global__ void __launch_bounds__(gradient_threads) keys_kernel(AttentionBackward op, int least) {
  const auto [item, head] = block_place(op.shape);
  const SequenceTile tile = find_work_tile(op.work, 2, op.key_offsets, tile_rows, item);
  if (!tile.exists) return;
  const HeadRows at = head_rows(op, tile.sequence, head);
  if (at.rows.queries <= least) return;
  const GradientTiles<columns> tiles = place_tiles<columns>();
  copy_keys(tiles, op, at, tile.first_row);
  KeyGradients<columns> gradients;
  gradients.clear();
  for (int first_query = 0; first_query < at.rows.queries; first_query += tile_rows) {
    copy_queries(tiles, op, at, first_query);
    copy_async_commit();
    load_query_numbers(op, at, first_query, tile_rows, tiles.numbers);
    copy_async_wait<0>();
    __syncthreads();
    compute_score_gradients<score_pieces<columns>>(tiles, op, at, first_query, tile.first_row);
    __syncthreads();
    gradients.add(tiles);
    __syncthreads();
  }
  gradients.write(tiles, op, at, tile.first_row);
}

template <int columns>
__global__ void __launch_bounds__(gradient_threads) queries_kernel(AttentionBackward op, int least) {
  const auto [item, head] = block_place(op.shape);
  const SequenceTile tile = find_work_tile(op.work, 1, op.query_offsets, tile_rows, item);
  if (!tile.exists) return;
  const HeadRows at = head_rows(op, tile.sequence, head);
  if (at.rows.queries <= least) return;
  const GradientTiles<columns> tiles = place_tiles<columns>();
  copy_queries(tiles, op, at, tile.first_row);
  load_query_numbers(op, at, tile.first_row, tile_rows, tiles.numbers);
  float sums[columns / 16][4];
  clear_sums(sums);
  const int column = warp_half() * (columns / 2);
  for (int first_key = 0; first_key < at.rows.keys; first_key += tile_rows) {
    copy_keys(tiles, op, at, first_key);
    copy_async_commit();
    copy_async_wait<0>();
    __syncthreads();
    compute_score_gradients<score_pieces<columns>>(tiles, op, at, tile.first_row, first_key);
    __syncthreads();
    multiply_straight(sums, tiles.score_gradients, warp_row(), tiles.key, column);
    __syncthreads();
  }
  put_sums(tiles.query, sums, warp_row(), column, op.shape.scale);
  __syncthreads();
  const int left = at.rows.queries - tile.first_row;
  store_tile(tiles.query, op.query_gradient, at.rows.first_query + tile.first_row,
             left < tile_rows ? left : tile_rows, at.first_column, at.head_size,
             static_cast<int>(threadIdx.x), gradient_threads);
}

}  // namespace

void attention_backward_tiled(Cuda& device, const AttentionBackward& op, int64_t least) {
  const auto run = [&]<int columns>() {
    const auto shape = [&](const Tensor& rows, const Tensor& offsets) {
      return LaunchShape{most_sequence_tiles(rows.rows, offsets, tile_rows) * op.shape.heads,
                         gradient_threads, shared_bytes<columns>};
    };
    launch(device, shape(op.key, op.key_offsets), keys_kernel<columns>, op, static_cast<int>(least));
    launch(device, shape(op.query, op.query_offsets), queries_kernel<columns>, op, static_cast<int>(least));
  };
  with_head_columns(op.shape.head_size, run);
}

}  // namespace cloze
