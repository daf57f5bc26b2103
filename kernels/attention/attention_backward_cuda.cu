// Attention backward of sequences whose query gradient fits in shared memory: one block per sequence and head
// walks the tiles of keys, and for each those of queries. Everything is summed by one block in one order, so
// the result is always the same.
#include <algorithm>

#include "kernels/attention/attention_cuda.h"
#include "kernels/attention/attention_gradient.cuh"
#include "kernels/common/launch.h"
#include "kernels/common/shared_memory.cuh"

namespace cloze {
namespace {

// Bytes per query: its gradient in f32, its log-sum-exp and delta.
template <int columns>
constexpr int64_t query_bytes = (columns + 2) * sizeof(float);

// The f32 gradients of all queries of the block, [queries, columns]. Every element belongs to one thread.
template <int columns>
struct QueryGradients {
  static constexpr int fragments = columns / 16;
  float* data;

  static __device__ int row_of(int first_query, int half) {
    return first_query + warp_row() + lane_index() / 4 + 8 * half;
  }
  static __device__ int column_of(int fragment) {
    return warp_half() * (columns / 2) + 8 * fragment + lane_index() % 4 * 2;
  }
  __device__ float2* at(int row, int column) const {
    return reinterpret_cast<float2*>(data + row * columns + column);
  }

  // Adds the part of one tile; `first`: nothing was added before.
  __device__ void add(const GradientTiles<columns>& tiles, int first_query, bool first) const {
    float sums[fragments][4];
    clear_sums(sums);
    multiply_straight(sums, tiles.score_gradients, warp_row(), tiles.key, warp_half() * (columns / 2));
#pragma unroll
    for (int n = 0; n < fragments; ++n)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float2* mine = at(row_of(first_query, half), column_of(n));
        float2 sum;
        sum.x = sums[n][2 * half];
        sum.y = sums[n][2 * half + 1];
        if (!first) {
          const float2 before = *mine;
          sum.x += before.x;
          sum.y += before.y;
        }
        *mine = sum;
      }
  }

  // All threads call, after a barrier.
  __device__ void write(const AttentionBackward& op, const HeadRows& at_rows) const {
    constexpr int chunks = columns / group;
    for (int i = static_cast<int>(threadIdx.x); i < at_rows.rows.queries * chunks; i += gradient_threads) {
      const int row = i / chunks, column = i % chunks * group;
      if (column >= at_rows.head_size) continue;
      float values[group];
      load_group(data + row * columns + column, values);
#pragma unroll
      for (int j = 0; j < group; ++j) values[j] *= op.shape.scale;
      store_group(
          op.query_gradient.row<BFloat16>(at_rows.rows.first_query + row) + at_rows.first_column + column,
          values);
    }
  }
};

template <int columns>
__global__ void __launch_bounds__(gradient_threads)
    backward_kernel(AttentionBackward op, int least, int most) {
  const auto [item, head] = block_place(op.shape);
  if (item >= device_sequences(op.query_offsets)) return;
  const int sequence = op.work ? op.work.row<int32_t>(0)[item] : item;
  const int head_size = static_cast<int>(op.shape.head_size);
  const HeadRows at{sequence_rows(op.query_offsets, op.key_offsets, sequence), head, head_size,
                    head * head_size};
  const int queries = at.rows.queries;
  if (queries <= least || queries > most || at.rows.keys == 0) return;
  GradientTiles<columns> tiles(dynamic_shared_memory<BFloat16>());
  auto* numbers = reinterpret_cast<float*>(tiles.query.data + GradientTiles<columns>::elements);
  const int rounded_queries = (queries + tile_rows - 1) / tile_rows * tile_rows;
  const QueryGradients<columns> query_gradients{numbers};
  float* log_sum_exp = numbers + rounded_queries * columns;
  float* delta = log_sum_exp + rounded_queries;
  load_query_numbers(op, at, 0, rounded_queries, log_sum_exp, delta);

  KeyGradients<columns> key_gradients;
  for (int first_key = 0; first_key < at.rows.keys; first_key += tile_rows) {
    __syncthreads();  // the tiles are free
    copy_keys(tiles, op, at, first_key);
    copy_async_commit();
    key_gradients.clear();
    for (int first_query = 0; first_query < queries; first_query += tile_rows) {
      copy_queries(tiles, op, at, first_query);
      copy_async_commit();
      copy_async_wait<0>();
      __syncthreads();
      tiles.log_sum_exp = log_sum_exp + first_query;
      tiles.delta = delta + first_query;
      compute_score_gradients(tiles, op, at, first_query, first_key);
      __syncthreads();
      key_gradients.add(tiles);
      query_gradients.add(tiles, first_query, first_key == 0);
      __syncthreads();
    }
    copy_async_wait<0>();  // of keys, where there are no queries
    __syncthreads();
    key_gradients.write(tiles, op, at, first_key);
  }
  __syncthreads();
  query_gradients.write(op, at);
}

}  // namespace

int64_t attention_most_queries_on_chip(const Cuda& device, int64_t head_size) {
  const auto most = [&]<int columns>() {
    const int64_t left = device.shared_bytes - GradientTiles<columns>::bytes;
    return std::max<int64_t>(0, left / query_bytes<columns> / tile_rows * tile_rows);
  };
  return with_head_columns(head_size, most);
}

void attention_backward_on_chip(Cuda& device, const AttentionBackward& op, int64_t least, int64_t most) {
  const auto run = [&]<int columns>() {
    const LaunchShape shape{(op.query_offsets.columns - 1) * op.shape.heads, gradient_threads,
                            GradientTiles<columns>::bytes + most * query_bytes<columns>};
    launch(device, shape, backward_kernel<columns>, op, static_cast<int>(least), static_cast<int>(most));
  };
  with_head_columns(op.shape.head_size, run);
}

}  // namespace cloze
