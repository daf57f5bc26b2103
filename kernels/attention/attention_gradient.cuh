#pragma once

#include <cuda_runtime.h>

#include "kernels/attention/attention_dropout.cuh"
#include "kernels/attention/attention_tile.cuh"
#include "kernels/attention/attention_work.cuh"

// What the backward kernels of attention share: the gradients of one tile of scores, 64 queries by 64 keys. A
// block has eight warps; of a product with 64 rows, warp w has rows 16 (w % 4) … and half w / 4 of the
// columns. Notation: attention_reference.cpp.
namespace cloze {

constexpr int gradient_threads = 256;
constexpr int half_fragments = tile_rows / 2 / 8;  // of 32 columns
constexpr float gradient_log2_e = 1.4426950408889634f;

__device__ inline int warp_row() {
  return warp_index() % 4 * 16;
}
__device__ inline int warp_half() {
  return warp_index() / 4;
}

// The tiles of a block in its dynamic shared memory.
template <int columns>
struct GradientTiles {
  Tile<columns> query, output_gradient, key, value;
  Tile<tile_rows> probabilities, score_gradients;  // with dropout; without `scale`
  float *log_sum_exp, *delta;                      // of the 64 queries

  static constexpr int64_t elements = 4 * Tile<columns>::size + 2 * Tile<tile_rows>::size;
  static constexpr int64_t bytes = elements * sizeof(BFloat16);

  // The two vectors of floats are placed by the kernel.
  explicit __device__ GradientTiles(BFloat16* shared) {
    query.data = shared;
    output_gradient.data = query.data + Tile<columns>::size;
    key.data = output_gradient.data + Tile<columns>::size;
    value.data = key.data + Tile<columns>::size;
    probabilities.data = value.data + Tile<columns>::size;
    score_gradients.data = probabilities.data + Tile<tile_rows>::size;
    log_sum_exp = delta = nullptr;
  }
};

// One head of one sequence.
struct HeadRows {
  SequenceRows rows;
  int head, head_size, first_column;
};

// log_sum_exp and delta = Σ output · output_gradient of `count` queries from `first` on; a warp per query.
// Rows past the last query get what makes their probabilities 0.
__device__ inline void load_query_numbers(const AttentionBackward& op, const HeadRows& at, int first,
                                          int count, float* log_sum_exp, float* delta) {
  for (int i = warp_index(); i < count; i += gradient_threads / warp_lanes) {
    const bool inside = first + i < at.rows.queries;
    const int64_t row = at.rows.first_query + first + i;
    float sum = 0;
    const int column = lane_index() * group;
    if (inside && column < at.head_size) {
      float output[group], gradient[group];
      load_group(op.output.row<BFloat16>(row) + at.first_column + column, output);
      load_group(op.output_gradient.row<BFloat16>(row) + at.first_column + column, gradient);
#pragma unroll
      for (int j = 0; j < group; ++j) sum += output[j] * gradient[j];
    }
    sum = warp_sum(sum);
    if (lane_index() == 0) {
      delta[i] = sum;
      log_sum_exp[i] = inside ? op.log_sum_exp.row<float>(row)[at.head] : INFINITY;
    }
  }
}

template <int columns>
__device__ void copy_queries(const GradientTiles<columns>& tiles, const AttentionBackward& op,
                             const HeadRows& at, int first) {
  const int left = at.rows.queries - first;
  const int64_t row = at.rows.first_query + first;
  copy_tile(tiles.query, op.query, row, left, at.first_column, at.head_size);
  copy_tile(tiles.output_gradient, op.output_gradient, row, left, at.first_column, at.head_size);
}

template <int columns>
__device__ void copy_keys(const GradientTiles<columns>& tiles, const AttentionBackward& op,
                          const HeadRows& at, int first) {
  const int left = at.rows.keys - first;
  const int64_t row = at.rows.first_key + first;
  copy_tile(tiles.key, op.key, row, left, at.first_column, at.head_size);
  copy_tile(tiles.value, op.value, row, left, at.first_column, at.head_size);
}

// p f and p (f dp - delta) of the warp's part of the tile, into shared memory. log_sum_exp and delta: of
// these 64 queries.
template <int columns>
__device__ void compute_score_gradients(const GradientTiles<columns>& tiles, const AttentionBackward& op,
                                        const HeadRows& at, int first_query, int first_key) {
  const int row = warp_row(), column = warp_half() * 32;
  float p[half_fragments][4], gradients[half_fragments][4];
  clear_sums(p);
  multiply_rows(p, tiles.query, row, tiles.key, column);
  clear_sums(gradients);
  multiply_rows(gradients, tiles.output_gradient, row, tiles.value, column);
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int mine = row + lane_index() / 4 + 8 * half;
    const float log_sum_exp = tiles.log_sum_exp[mine], delta = tiles.delta[mine];
    const int last = at.rows.queries - 1, query = first_query + mine;
    const DropoutRow mask =
        dropout_row(op.dropout, at.rows.first_query + (query < last ? query : last),
                    static_cast<uint32_t>(op.shape.heads), static_cast<uint32_t>(at.head));
    uint32_t words[4] = {0, 0, 0, 0};
    if (op.dropout.active()) quad_dropout_words(mask, first_key + column, words);
#pragma unroll
    for (int n = 0; n < half_fragments; ++n)
#pragma unroll
      for (int i = 2 * half; i < 2 * half + 2; ++i) {
        const int key = first_key + column + 8 * n + lane_index() % 4 * 2 + i % 2;
        const float score = p[n][i] * op.shape.scale - log_sum_exp;
        const float probability = key < at.rows.keys ? exp2f(score * gradient_log2_e) : 0.0f;
        const float factor = i % 2 == 0 ? low_factor(mask, words[n]) : high_factor(mask, words[n]);
        gradients[n][i] = probability * (factor * gradients[n][i] - delta);
        p[n][i] = probability * factor;
      }
  }
  put_sums(tiles.probabilities, p, row, column);
  put_sums(tiles.score_gradients, gradients, row, column);
}

// The key and value gradients of a tile of keys, of the warp: 16 keys, half of the columns.
template <int columns>
struct KeyGradients {
  static constexpr int fragments = columns / 16;
  float key[fragments][4], value[fragments][4];

  __device__ void clear() {
    clear_sums(key);
    clear_sums(value);
  }
  __device__ void add(const GradientTiles<columns>& tiles) {
    const int column = warp_half() * (columns / 2);
    multiply_columns(value, tiles.probabilities, warp_row(), tiles.output_gradient, column);
    multiply_columns(key, tiles.score_gradients, warp_row(), tiles.query, column);
  }
  // Through the tiles of keys and values, which nobody reads any more: all threads call.
  __device__ void write(const GradientTiles<columns>& tiles, const AttentionBackward& op, const HeadRows& at,
                        int first) const {
    const int column = warp_half() * (columns / 2), left = at.rows.keys - first;
    put_sums(tiles.key, key, warp_row(), column, op.shape.scale);
    put_sums(tiles.value, value, warp_row(), column);
    __syncthreads();
    const int rows = left < tile_rows ? left : tile_rows, thread = static_cast<int>(threadIdx.x);
    const int64_t row = at.rows.first_key + first;
    store_tile(tiles.key, op.key_gradient, row, rows, at.first_column, at.head_size, thread,
               gradient_threads);
    store_tile(tiles.value, op.value_gradient, row, rows, at.first_column, at.head_size, thread,
               gradient_threads);
  }
};

}  // namespace cloze
