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
  float2* numbers;                                 // of the 64 queries: log-sum-exp and delta

  static constexpr int64_t elements = 4 * Tile<columns>::size + 2 * Tile<tile_rows>::size;
  static constexpr int64_t bytes = elements * sizeof(BFloat16);

  // The numbers are placed by the kernel.
  explicit __device__ GradientTiles(BFloat16* shared) {
    query.data = shared;
    output_gradient.data = query.data + Tile<columns>::size;
    key.data = output_gradient.data + Tile<columns>::size;
    value.data = key.data + Tile<columns>::size;
    probabilities.data = value.data + Tile<columns>::size;
    score_gradients.data = probabilities.data + Tile<tile_rows>::size;
    numbers = nullptr;
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
                                          int count, float2* numbers) {
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
      float2 both;
      both.x = inside ? op.log_sum_exp.row<float>(row)[at.head] : INFINITY;
      both.y = sum;
      numbers[i] = both;
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

// p f and p (f dp - delta) of some columns of the warp's rows, into shared memory. words[half]: what decides
// dropout of the fragments of a lane's two rows.
template <int fragments, int columns>
__device__ void compute_score_columns(const GradientTiles<columns>& tiles, const AttentionBackward& op,
                                      int row, int column, int keys, const uint32_t (&words)[2][4]) {
  float p[fragments][4], gradients[fragments][4];
  clear_sums(p);
  multiply_rows(p, tiles.query, row, tiles.key, column);
  clear_sums(gradients);
  multiply_rows(gradients, tiles.output_gradient, row, tiles.value, column);
  const uint32_t threshold = op.dropout.active() ? op.dropout.threshold() : 0;
  const float scale = op.dropout.active() ? op.dropout.scale() : 1.0f;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const float2 numbers = tiles.numbers[row + lane_index() / 4 + 8 * half];
    const float log_sum_exp = numbers.x, delta = numbers.y;
#pragma unroll
    for (int n = 0; n < fragments; ++n)
#pragma unroll
      for (int i = 2 * half; i < 2 * half + 2; ++i) {
        const int key = column + 8 * n + lane_index() % 4 * 2 + i % 2;
        const float score = p[n][i] * op.shape.scale - log_sum_exp;
        const float probability = key < keys ? exp2f(score * gradient_log2_e) : 0.0f;
        const uint32_t bits = i % 2 == 0 ? words[half][n] & 0xFFFFu : words[half][n] >> 16;
        const float factor = bits >= threshold ? scale : 0.0f;
        gradients[n][i] = probability * (factor * gradients[n][i] - delta);
        p[n][i] = probability * factor;
      }
  }
  put_sums(tiles.probabilities, p, row, column);
  put_sums(tiles.score_gradients, gradients, row, column);
}

// The same of the warp's part of the tile: all 32 columns at once, or in two pieces where a kernel would need
// a few registers too many.
template <int pieces, int columns>
__device__ void compute_score_gradients(const GradientTiles<columns>& tiles, const AttentionBackward& op,
                                        const HeadRows& at, int first_query, int first_key) {
  constexpr int fragments = half_fragments / pieces;
  const int row = warp_row(), column = warp_half() * 32, keys = at.rows.keys - first_key;
  uint32_t words[2][4];
  if (op.dropout.active()) {
    const int last = at.rows.queries - 1;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int query = first_query + row + lane_index() / 4 + 8 * half;
      quad_dropout_words(dropout_row(op.dropout, at.rows.first_query + (query < last ? query : last),
                                     static_cast<uint32_t>(op.shape.heads), static_cast<uint32_t>(at.head)),
                         first_key + column, words[half]);
    }
  } else {
#pragma unroll
    for (int n = 0; n < 4; ++n) words[0][n] = words[1][n] = 0;
  }
#pragma unroll 1
  for (int piece = 0; piece < pieces; ++piece) {
    compute_score_columns<fragments>(tiles, op, row, column + 8 * fragments * piece, keys, words);
#pragma unroll
    for (int half = 0; half < 2; ++half) words[half][0] = words[half][2], words[half][1] = words[half][3];
  }
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
