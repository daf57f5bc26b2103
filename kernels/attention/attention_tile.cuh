#pragma once

#include <cuda_runtime.h>

#include "kernels/attention/attention.h"
#include "kernels/common/async_copy.cuh"
#include "kernels/common/tensor.h"
#include "kernels/common/tensor_core.cuh"
#include "kernels/common/vector.cuh"
#include "kernels/common/warp.cuh"

// Tiles of 64 rows in shared memory and the fragments that tensor cores take from them
// (kernels/common/tensor_core.cuh). Rows are padded by 16 bytes, so that the eight rows of a fragment lie in
// different banks.
namespace cloze {

constexpr auto tile_rows = static_cast<int>(attention_tile_rows);

template <int columns>
struct Tile {
  static constexpr int stride = columns + 8;
  static constexpr int size = tile_rows * stride;  // elements
  BFloat16* data;

  __device__ BFloat16* at(int row, int column) const { return data + row * stride + column; }

  // A [16, 16] at (row, column), rows of the tile.
  __device__ void load_a(uint32_t (&a)[4], int row, int column) const {
    const int matrix = lane_index() / 8;
    load_fragments(a, at(row + matrix % 2 * 8 + lane_index() % 8, column + matrix / 2 * 8));
  }
  // A [16, 16] whose rows are columns of the tile: A(i, j) = tile(row + j, column + i).
  __device__ void load_a_transposed(uint32_t (&a)[4], int row, int column) const {
    const int matrix = lane_index() / 8;
    load_fragments_transposed(a, at(row + matrix / 2 * 8 + lane_index() % 8, column + matrix % 2 * 8));
  }
  // B [16, 16] as two fragments, whose columns are rows of the tile: B(i, j) = tile(row + j, column + i).
  __device__ void load_b(uint32_t (&b)[2][2], int row, int column) const {
    const int matrix = lane_index() / 8;
    uint32_t registers[4];
    load_fragments(registers, at(row + matrix / 2 * 8 + lane_index() % 8, column + matrix % 2 * 8));
    split(registers, b);
  }
  // B(i, j) = tile(row + i, column + j).
  __device__ void load_b_straight(uint32_t (&b)[2][2], int row, int column) const {
    const int matrix = lane_index() / 8;
    uint32_t registers[4];
    load_fragments_transposed(registers,
                              at(row + matrix % 2 * 8 + lane_index() % 8, column + matrix / 2 * 8));
    split(registers, b);
  }

 private:
  static __device__ void split(const uint32_t (&registers)[4], uint32_t (&b)[2][2]) {
    b[0][0] = registers[0];
    b[0][1] = registers[1];
    b[1][0] = registers[2];
    b[1][1] = registers[3];
  }
};

// One head's columns of up to 64 rows of a tensor; the rest of the tile is zeros. Ends with no commit.
template <int columns>
__device__ void copy_tile(const Tile<columns>& tile, const Tensor& tensor, int64_t first_row, int rows,
                          int first_column, int head_size) {
  constexpr int chunks = columns / group;
  const BFloat16* source =
      static_cast<const BFloat16*>(tensor.data) + first_row * tensor.stride + first_column;
  for (int i = static_cast<int>(threadIdx.x); i < tile_rows * chunks; i += static_cast<int>(blockDim.x)) {
    const int row = i / chunks, column = i % chunks * group;
    const bool inside = row < rows && column < head_size;
    copy_async(tile.at(row, column), inside ? source + row * tensor.stride + column : source, inside);
  }
}

// Writes one head's columns of up to 64 rows from a tile.
template <int columns>
__device__ void store_tile(const Tile<columns>& tile, const Tensor& tensor, int64_t first_row, int rows,
                           int first_column, int head_size, int thread, int threads) {
  constexpr int chunks = columns / group;
  BFloat16* target = static_cast<BFloat16*>(tensor.data) + first_row * tensor.stride + first_column;
  for (int i = thread; i < rows * chunks; i += threads) {
    const int row = i / chunks, column = i % chunks * group;
    if (column < head_size)
      *reinterpret_cast<uint4*>(target + row * tensor.stride + column) =
          *reinterpret_cast<const uint4*>(tile.at(row, column));
  }
}

// Puts the fragments of D [16, 8 · tiles] into a tile at (row, column), times `factor`.
template <int tiles, int columns>
__device__ void put_sums(const Tile<columns>& tile, const float (&sums)[tiles][4], int row, int column,
                         float factor = 1) {
  const int mine = row + lane_index() / 4;
#pragma unroll
  for (int n = 0; n < tiles; ++n) {
    const int at_column = column + 8 * n + lane_index() % 4 * 2;
    *reinterpret_cast<uint32_t*>(tile.at(mine, at_column)) =
        pack_bfloat16(sums[n][0] * factor, sums[n][1] * factor);
    *reinterpret_cast<uint32_t*>(tile.at(mine + 8, at_column)) =
        pack_bfloat16(sums[n][2] * factor, sums[n][3] * factor);
  }
}

// sums [16, 8 · tiles] += Σ over k of a fragment of the left and one of the right tile: load_a(a, k),
// load_b(b, k, column) with the column of the sums.
template <int depth, int tiles, typename LoadA, typename LoadB>
__device__ void multiply_fragment_rows(float (&sums)[tiles][4], const LoadA& load_a, const LoadB& load_b) {
#pragma unroll
  for (int k = 0; k < depth; k += 16) {
    uint32_t a[4];
    load_a(a, k);
#pragma unroll
    for (int n = 0; n < tiles; n += 2) {
      uint32_t b[2][2];
      load_b(b, k, 8 * n);
      multiply_fragments(sums[n], a, b[0]);
      multiply_fragments(sums[n + 1], a, b[1]);
    }
  }
}

// sums [16, 8 · tiles] += left[left_row …, depth] · right[right_row …, depth]ᵀ, both rows of tiles.
template <int depth, int tiles>
__device__ void multiply_rows(float (&sums)[tiles][4], const Tile<depth>& left, int left_row,
                              const Tile<depth>& right, int right_row) {
  multiply_fragment_rows<depth>(
      sums, [&](uint32_t(&a)[4], int k) { left.load_a(a, left_row, k); },
      [&](uint32_t(&b)[2][2], int k, int column) { right.load_b(b, right_row + column, k); });
}

// sums [16, 8 · tiles] += left[64, left_column …]ᵀ · right[64, right_column …].
template <int left_columns, int right_columns, int tiles>
__device__ void multiply_columns(float (&sums)[tiles][4], const Tile<left_columns>& left, int left_column,
                                 const Tile<right_columns>& right, int right_column) {
  multiply_fragment_rows<tile_rows>(
      sums, [&](uint32_t(&a)[4], int k) { left.load_a_transposed(a, k, left_column); },
      [&](uint32_t(&b)[2][2], int k, int column) { right.load_b_straight(b, k, right_column + column); });
}

// sums [16, 8 · tiles] += left[left_row …, 64] · right[64, right_column …].
template <int right_columns, int tiles>
__device__ void multiply_straight(float (&sums)[tiles][4], const Tile<tile_rows>& left, int left_row,
                                  const Tile<right_columns>& right, int right_column) {
  multiply_fragment_rows<tile_rows>(
      sums, [&](uint32_t(&a)[4], int k) { left.load_a(a, left_row, k); },
      [&](uint32_t(&b)[2][2], int k, int column) { right.load_b_straight(b, k, right_column + column); });
}

template <int tiles>
__device__ void clear_sums(float (&sums)[tiles][4]) {
#pragma unroll
  for (int n = 0; n < tiles; ++n)
#pragma unroll
    for (int i = 0; i < 4; ++i) sums[n][i] = 0;
}

// run<columns>() with the narrowest tile that holds a head; returns what it returns.
template <typename Run>
auto with_head_columns(int64_t head_size, const Run& run) {
  if (head_size <= 32) return run.template operator()<32>();
  if (head_size <= 64) return run.template operator()<64>();
  return run.template operator()<128>();
}

}  // namespace cloze
