// Attention backward of sequences whose query gradient fits in shared memory: one block per sequence and head
// walks the tiles of keys, and for each those of queries, the next of which is on its way by cp.async while
// one is worked on. Everything is summed by one block in one order, so the result is always the same.
#include <algorithm>

#include "kernels/attention/attention_cuda.h"
#include "kernels/attention/attention_gradient.cuh"
#include "kernels/common/launch.h"
#include "kernels/common/shared_memory.cuh"

namespace cloze {
namespace {

// Two where one would spill registers (tests/kernels/cuda_report_test.cpp).
template <int columns>
constexpr int score_pieces = columns <= 32 ? 2 : 1;

// The f32 gradients of all queries of the block, [queries, columns]. Every element belongs to one thread.
// Rows are padded, so that the pairs of half a warp lie in different banks.
template <int columns>
struct QueryGradients {
  static constexpr int fragments = columns / 16;
  static constexpr int stride = columns + 8;
  float* data;

  static __device__ int row_of(int first_query, int half) {
    return first_query + warp_row() + lane_index() / 4 + 8 * half;
  }
  static __device__ int column_of(int fragment) {
    return warp_half() * (columns / 2) + 8 * fragment + lane_index() % 4 * 2;
  }
  __device__ float2* at(int row, int column) const {
    return reinterpret_cast<float2*>(data + row * stride + column);
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
      load_group(data + row * stride + column, values);
#pragma unroll
      for (int j = 0; j < group; ++j) values[j] *= op.shape.scale;
      store_group(
          op.query_gradient.row<BFloat16>(at_rows.rows.first_query + row) + at_rows.first_column + column,
          values);
    }
  }
};

// Bytes per query: its gradient in f32, its log-sum-exp and delta.
template <int columns>
constexpr int64_t query_bytes = (QueryGradients<columns>::stride + 2) * sizeof(float);
// The tiles, and another of queries and output gradients.
template <int columns>
constexpr int64_t tile_bytes = GradientTiles<columns>::bytes + 2 * Tile<columns>::size * sizeof(BFloat16);

// The queries and output gradients of a block come in turns, tile after tile and again from the first for
// every tile of keys, into one of two places each; up to two tiles stay where they are.
struct QueryTurns {
  int query_tiles, key_tiles;

  __device__ int first_query(int turn) const { return turn % query_tiles * tile_rows; }
  __device__ bool to_copy(int turn) const {
    return turn < query_tiles || (query_tiles > 2 && turn < query_tiles * key_tiles);
  }
  template <int columns>
  __device__ void look_at(GradientTiles<columns>& tiles, BFloat16* shared, int turn) const {
    const bool second = query_tiles > 1 && turn % 2 != 0;
    tiles.query.data = shared + (second ? GradientTiles<columns>::elements : 0);
    tiles.output_gradient.data = tiles.query.data + Tile<columns>::size;
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
  auto* shared = dynamic_shared_memory<BFloat16>();
  GradientTiles<columns> tiles(shared);
  auto* numbers = reinterpret_cast<float2*>(shared + tile_bytes<columns> / sizeof(BFloat16));
  const int rounded_queries = (queries + tile_rows - 1) / tile_rows * tile_rows;
  const QueryGradients<columns> query_gradients{reinterpret_cast<float*>(numbers + rounded_queries)};

  const QueryTurns turns{rounded_queries / tile_rows, (at.rows.keys + tile_rows - 1) / tile_rows};
  int turn = 0;
  const auto order = [&](int next) {
    if (!turns.to_copy(next)) return;
    turns.look_at(tiles, shared, next);
    copy_queries(tiles, op, at, turns.first_query(next));
    copy_async_commit();
  };
  order(0);
  load_query_numbers(op, at, 0, rounded_queries, numbers);
  KeyGradients<columns> key_gradients;
  for (int first_key = 0; first_key < at.rows.keys; first_key += tile_rows) {
    __syncthreads();  // the tiles of keys are free
    copy_keys(tiles, op, at, first_key);
    copy_async_commit();
    key_gradients.clear();
    for (int tile = 0; tile < turns.query_tiles; ++tile, ++turn) {
      copy_async_wait<0>();
      __syncthreads();  // what this turn reads is there, and nobody reads what the turn before did
      order(turn + 1);
      turns.look_at(tiles, shared, turn);
      const int first_query = tile * tile_rows;
      tiles.numbers = numbers + first_query;
      compute_score_gradients<score_pieces<columns>>(tiles, op, at, first_query, first_key);
      __syncthreads();
      key_gradients.add(tiles);
      query_gradients.add(tiles, first_query, turn < turns.query_tiles);
    }
    if (turns.query_tiles == 0) copy_async_wait<0>();  // of keys
    __syncthreads();
    key_gradients.write(tiles, op, at, first_key);
  }
  __syncthreads();
  query_gradients.write(op, at);
}

}  // namespace

int64_t attention_most_queries_on_chip(const Cuda& device, int64_t head_size) {
  const auto most = [&]<int columns>() {
    const int64_t left = device.shared_bytes - tile_bytes<columns>;
    return std::max<int64_t>(0, left / query_bytes<columns> / tile_rows * tile_rows);
  };
  return with_head_columns(head_size, most);
}

void attention_backward_on_chip(Cuda& device, const AttentionBackward& op, int64_t least, int64_t most) {
  const auto run = [&]<int columns>() {
    const LaunchShape shape{(op.query_offsets.columns - 1) * op.shape.heads, gradient_threads,
                            tile_bytes<columns> + most * query_bytes<columns>};
    launch(device, shape, backward_kernel<columns>, op, static_cast<int>(least), static_cast<int>(most));
  };
  with_head_columns(op.shape.head_size, run);
}

}  // namespace cloze
