#pragma once

#include <cuda_runtime.h>

#include "kernels/common/column_sum.h"
#include "kernels/common/float8.cuh"
#include "kernels/common/launch.h"
#include "kernels/common/vector.cuh"
#include "kernels/common/warp.cuh"
#include "kernels/quantize/quantize.h"

// Rounding to FP8 on a GPU, whatever makes the values. A block takes tiles of [128 rows, 128 columns]: 16
// threads side by side, eight columns each, over quads of four rows. Four bytes of a column make a word of
// the transposed tile, which waits in shared memory until whole rows of it are written.
namespace cloze {

constexpr int quantize_tile = 128, quad = 4, quads = quantize_tile / quad;
constexpr int quantize_threads = 256, threads_across = quantize_tile / group,
              threads_down = quantize_threads / threads_across;
constexpr int word_stride = quads + 1;  // words of a column of the tile, apart so that banks differ
// The threads take the quads of one chunk of a column sum at a time.
static_assert(threads_down * quad == column_sum_chunk_rows);

struct TilePlace {
  int64_t row, column;
};

// Eight columns of four rows in FP8, four to a word.
struct QuadBytes {
  uint32_t left[quad], right[quad];
};

template <typename Float8>
__device__ uint32_t pack_four(float first, float second, float third, float fourth) {
  return pack_float8<Float8>(first, second) | pack_float8<Float8>(third, fourth) << 16;
}

// `source(row, column, values)` makes eight values of a live row.
template <typename Float8, typename Source>
__device__ QuadBytes round_quad(const Quantize& op, int64_t live, float scale, int64_t row, int64_t column,
                                float& amax, Source& source) {
  QuadBytes bytes;
#pragma unroll
  for (int i = 0; i < quad; ++i) {
    float values[group] = {};
    if (row + i < live && column < op.input.columns) source(row + i, static_cast<int>(column), values);
#pragma unroll
    for (int j = 0; j < group; ++j) {
      // An infinity less itself is a NaN, which is no maximum.
      amax = fmaxf(amax, fabsf(values[j] + (values[j] - values[j])));
      values[j] *= scale;
    }
    bytes.left[i] = pack_four<Float8>(values[0], values[1], values[2], values[3]);
    bytes.right[i] = pack_four<Float8>(values[4], values[5], values[6], values[7]);
    if (op.rounded && row + i < op.input.rows && column < op.input.columns) {
      uint2 both;
      both.x = bytes.left[i];
      both.y = bytes.right[i];
      *reinterpret_cast<uint2*>(op.rounded.row<Float8>(row + i) + column) = both;
    }
  }
  return bytes;
}

// The bytes of four rows, column by column.
__device__ inline void store_columns_of(const uint32_t (&rows)[quad], uint32_t* words) {
#pragma unroll
  for (int j = 0; j < quad; ++j) {
    uint32_t word = 0;
#pragma unroll
    for (int i = 0; i < quad; ++i) word |= (rows[i] >> 8 * j & 0xFFu) << 8 * i;
    words[j * word_stride] = word;
  }
}

// Each warp writes rows of the transposed matrix: a word per lane.
template <typename Float8>
__device__ void write_transposed(const Quantize& op, const TilePlace& place, const uint32_t* words) {
  const int64_t row = place.row + lane_index() * quad;
  for (int column = warp_index(); column < quantize_tile; column += quantize_threads / warp_lanes)
    if (place.column + column < op.input.columns && row < op.transposed.columns)
      *reinterpret_cast<uint32_t*>(op.transposed.row<Float8>(place.column + column) + row) =
          words[column * word_stride + lane_index()];
}

// All tiles of this block. `op.input` states the shape and which rows are live. After each chunk of 64 rows
// `end_of_chunk(row, column)` is called by all threads, with the chunk's first row and their own columns.
template <typename Float8, typename Source, typename EndOfChunk>
__device__ void quantize_tiles(const Quantize& op, int64_t tiles, int64_t across, Source& source,
                               const EndOfChunk& end_of_chunk) {
  __shared__ uint32_t words[quantize_tile * word_stride];
  __shared__ float maxima[quantize_threads / warp_lanes];
  const int64_t live = op.input.live_rows();
  const float scale = *op.scale.as<float>();
  const int across_tile = static_cast<int>(threadIdx.x) % threads_across * group;
  const int first_quad = static_cast<int>(threadIdx.x) / threads_across;
  float amax = 0;
  for (int64_t index = blockIdx.x; index < tiles; index += gridDim.x) {
    const TilePlace place{index / across * quantize_tile, index % across * quantize_tile};
    for (int first = 0; first < quads; first += threads_down) {
      const int q = first + first_quad;
      const QuadBytes bytes =
          round_quad<Float8>(op, live, scale, place.row + q * quad, place.column + across_tile, amax, source);
      end_of_chunk(place.row + first * quad, place.column + across_tile);
      if (!op.transposed) continue;
      store_columns_of(bytes.left, words + across_tile * word_stride + q);
      store_columns_of(bytes.right, words + (across_tile + quad) * word_stride + q);
    }
    if (!op.transposed) continue;
    __syncthreads();
    write_transposed<Float8>(op, place, words);
    __syncthreads();
  }
  amax = block_maximum(amax, maxima);
  // Floats that are not negative are ordered as their bits are.
  if (threadIdx.x == 0) atomicMax(reinterpret_cast<int*>(op.amax.as<float>()), __float_as_int(amax));
}

// The tiles of a launch, and how many lie side by side.
struct QuantizeGrid {
  int64_t tiles, across;
  LaunchShape shape;
};
inline QuantizeGrid quantize_grid(const Cuda& device, const Quantize& op) {
  const int64_t rows = op.transposed ? op.transposed.columns : op.input.rows;
  const int64_t across = (op.input.columns + quantize_tile - 1) / quantize_tile;
  const int64_t tiles = (rows + quantize_tile - 1) / quantize_tile * across;
  return {tiles, across, {looping_blocks(device, tiles, 1), quantize_threads}};
}

}  // namespace cloze
