// Attention forward on tensor cores (online softmax: Milakov & Gimelshein 2018; tiling: Dao 2023). A block
// takes 64 queries of one head, a warp 16 of them, and walks the keys in tiles of 64, the next tile on its
// way by cp.async while one is worked on.
#include "kernels/attention/attention_cuda.h"
#include "kernels/attention/attention_dropout.cuh"
#include "kernels/attention/attention_tile.cuh"
#include "kernels/attention/attention_work.cuh"
#include "kernels/common/launch.h"
#include "kernels/common/shared_memory.cuh"

namespace cloze {
namespace {

constexpr int threads = 128;
constexpr int key_fragments = tile_rows / 8;
constexpr float log2_e = 1.4426950408889634f;

template <int columns>
constexpr int64_t shared_bytes = 5 * Tile<columns>::size * sizeof(BFloat16);

// The 16 queries of a warp: a lane has parts of two rows, l / 4 and l / 4 + 8.
template <int columns>
struct WarpState {
  uint32_t query[columns / 16][4];
  float output[columns / 8][4];
  float maximum[2], sum[2];  // of scores in units of log 2, of exponentials
  DropoutRow mask[2];
};

// scores [16, 64] = scale · log2(e) · query · keyᵀ; -inf past the last key.
template <int columns>
__device__ void compute_scores(const WarpState<columns>& state, const Tile<columns>& key, int keys,
                               float scale, float (&scores)[key_fragments][4]) {
  clear_sums(scores);
#pragma unroll
  for (int k = 0; k < columns / 16; ++k)
#pragma unroll
    for (int n = 0; n < key_fragments; n += 2) {
      uint32_t b[2][2];
      key.load_b(b, 8 * n, 16 * k);
      multiply_fragments(scores[n], state.query[k], b[0]);
      multiply_fragments(scores[n + 1], state.query[k], b[1]);
    }
#pragma unroll
  for (int n = 0; n < key_fragments; ++n)
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int column = 8 * n + lane_index() % 4 * 2 + i % 2;
      scores[n][i] = column < keys ? scores[n][i] * (scale * log2_e) : -INFINITY;
    }
}

// Turns scores into exponentials of the running maximum; what was summed before is brought to it.
template <int columns>
__device__ void take_exponentials(WarpState<columns>& state, float (&scores)[key_fragments][4]) {
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    float maximum = state.maximum[half];
#pragma unroll
    for (int n = 0; n < key_fragments; ++n)
      maximum = fmaxf(maximum, fmaxf(scores[n][2 * half], scores[n][2 * half + 1]));
    maximum = fmaxf(maximum, __shfl_xor_sync(whole_warp, maximum, 1));
    maximum = fmaxf(maximum, __shfl_xor_sync(whole_warp, maximum, 2));
    const float correction = exp2f(state.maximum[half] - maximum);  // 0 the first time
    state.maximum[half] = maximum;
    float sum = 0;
#pragma unroll
    for (int n = 0; n < key_fragments; ++n)
#pragma unroll
      for (int i = 2 * half; i < 2 * half + 2; ++i) {
        scores[n][i] = exp2f(scores[n][i] - maximum);
        sum += scores[n][i];
      }
    state.sum[half] = state.sum[half] * correction + sum;  // of this lane's columns
#pragma unroll
    for (int n = 0; n < columns / 8; ++n) {
      state.output[n][2 * half] *= correction;
      state.output[n][2 * half + 1] *= correction;
    }
  }
}

template <int columns>
__device__ void drop_probabilities(const WarpState<columns>& state, int first_key,
                                   float (&scores)[key_fragments][4]) {
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const DropoutRow& mask = state.mask[half];
#pragma unroll
    for (int first = 0; first < key_fragments; first += 4) {
      uint32_t words[4];
      quad_dropout_words(mask, first_key + 8 * first, words);
#pragma unroll
      for (int n = 0; n < 4; ++n) {
        scores[first + n][2 * half] *= low_factor(mask, words[n]);
        scores[first + n][2 * half + 1] *= high_factor(mask, words[n]);
      }
    }
  }
}

// output += probabilities · value; the sums of one product are the left operand of the next as they lie.
template <int columns>
__device__ void add_values(WarpState<columns>& state, const float (&p)[key_fragments][4],
                           const Tile<columns>& value) {
#pragma unroll
  for (int k = 0; k < key_fragments / 2; ++k) {
    const uint32_t a[4] = {pack_bfloat16(p[2 * k][0], p[2 * k][1]), pack_bfloat16(p[2 * k][2], p[2 * k][3]),
                           pack_bfloat16(p[2 * k + 1][0], p[2 * k + 1][1]),
                           pack_bfloat16(p[2 * k + 1][2], p[2 * k + 1][3])};
#pragma unroll
    for (int n = 0; n < columns / 8; n += 2) {
      uint32_t b[2][2];
      value.load_b_straight(b, 16 * k, 8 * n);
      multiply_fragments(state.output[n], a, b[0]);
      multiply_fragments(state.output[n + 1], a, b[1]);
    }
  }
}

// output · 1 / sum through the warp's rows of the query tile, and the log-sum-exp.
template <int columns>
__device__ void write_rows(const AttentionForward& op, WarpState<columns>& state,
                           const Tile<columns>& staging, const SequenceRows& rows, int first_row, int head) {
  const int warp_row = warp_index() * 16;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    float sum = state.sum[half];
    sum += __shfl_xor_sync(whole_warp, sum, 1);
    sum += __shfl_xor_sync(whole_warp, sum, 2);
    const int row = first_row + warp_row + lane_index() / 4 + 8 * half;
    if (lane_index() % 4 == 0 && row < rows.queries)
      op.log_sum_exp.row<float>(rows.first_query + row)[head] = state.maximum[half] / log2_e + logf(sum);
    const float reciprocal = 1 / sum;
#pragma unroll
    for (int n = 0; n < columns / 8; ++n) {
      state.output[n][2 * half] *= reciprocal;
      state.output[n][2 * half + 1] *= reciprocal;
    }
  }
  put_sums(staging, state.output, warp_row, 0);
  __syncwarp();
  const int left = rows.queries - first_row - warp_row, head_size = static_cast<int>(op.shape.head_size);
  if (left > 0)
    store_tile(Tile<columns>{staging.at(warp_row, 0)}, op.output, rows.first_query + first_row + warp_row,
               left < 16 ? left : 16, head * head_size, head_size, lane_index(), warp_lanes);
}

template <int columns>
__global__ void __launch_bounds__(threads, columns > 64 ? 2 : 3) forward_kernel(AttentionForward op) {
  const auto [item, head] = block_place(op.shape);
  const int head_size = static_cast<int>(op.shape.head_size);
  const SequenceTile tile = find_work_tile(op.work, 1, op.query_offsets, tile_rows, item);
  if (!tile.exists) return;
  const SequenceRows rows = sequence_rows(op.query_offsets, op.key_offsets, tile.sequence);
  auto* shared = dynamic_shared_memory<BFloat16>();
  const auto part = [&](int index) { return Tile<columns>{shared + index * Tile<columns>::size}; };
  const Tile<columns> query = part(0);
  const auto copy_keys = [&](int first_key, int buffer) {
    const int left = rows.keys - first_key;
    copy_tile(part(1 + buffer), op.key, rows.first_key + first_key, left, head * head_size, head_size);
    copy_tile(part(3 + buffer), op.value, rows.first_key + first_key, left, head * head_size, head_size);
  };
  copy_tile(query, op.query, rows.first_query + tile.first_row, rows.queries - tile.first_row,
            head * head_size, head_size);
  copy_keys(0, 0);
  copy_async_commit();

  WarpState<columns> state;
  clear_sums(state.output);
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    state.maximum[half] = -INFINITY;
    state.sum[half] = 0;
    const int row = tile.first_row + warp_index() * 16 + lane_index() / 4 + 8 * half;
    const int64_t inside = rows.first_query + (row < rows.queries ? row : rows.queries - 1);
    state.mask[half] =
        dropout_row(op.dropout, inside, static_cast<uint32_t>(op.shape.heads), static_cast<uint32_t>(head));
  }
  copy_async_wait<0>();
  __syncthreads();
#pragma unroll
  for (int k = 0; k < columns / 16; ++k) query.load_a(state.query[k], warp_index() * 16, 16 * k);

  int buffer = 0;
  for (int first_key = 0; first_key < rows.keys; first_key += tile_rows, buffer ^= 1) {
    const bool more = first_key + tile_rows < rows.keys;
    if (more) copy_keys(first_key + tile_rows, buffer ^ 1);
    copy_async_commit();
    float scores[key_fragments][4];
    compute_scores(state, part(1 + buffer), rows.keys - first_key, op.shape.scale, scores);
    take_exponentials(state, scores);
    if (op.dropout.active()) drop_probabilities(state, first_key, scores);
    add_values(state, scores, part(3 + buffer));
    copy_async_wait<0>();
    __syncthreads();
  }
  write_rows(op, state, query, rows, tile.first_row, head);
}

}  // namespace

void attention_forward_bf16(Cuda& device, const AttentionForward& op) {
  const auto run = [&]<int columns>() {
    const int64_t tiles = most_sequence_tiles(op.query.rows, op.query_offsets, tile_rows);
    launch(device, {tiles * op.shape.heads, threads, shared_bytes<columns>}, forward_kernel<columns>, op);
  };
  with_head_columns(op.shape.head_size, run);
}

}  // namespace cloze
