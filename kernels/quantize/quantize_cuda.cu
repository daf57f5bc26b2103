#include <cuda_runtime.h>

#include "kernels/common/float8.cuh"
#include "kernels/common/launch.h"
#include "kernels/common/storage.h"
#include "kernels/common/vector.cuh"
#include "kernels/common/warp.cuh"
#include "kernels/quantize/quantize.h"
#include "kernels/quantize/scaling.h"

namespace cloze {
namespace {

// A block takes tiles of [128 rows, 128 columns]: 16 threads side by side, eight columns each, over quads of
// four rows. Four bytes of a column make a word of the transposed tile, which waits in shared memory until
// whole rows of it are written.
constexpr int tile = 128, quad = 4, quads = tile / quad;
constexpr int threads = 256, threads_across = tile / group, threads_down = threads / threads_across;
constexpr int word_stride = quads + 1;  // words of a column of the tile, apart so that banks differ

struct Tile {
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

template <typename T, typename Float8>
__device__ QuadBytes round_quad(const Quantize& op, int64_t live, float scale, int64_t row, int64_t column,
                                float& amax) {
  QuadBytes bytes;
#pragma unroll
  for (int i = 0; i < quad; ++i) {
    float values[group] = {};
    if (row + i < live && column < op.input.columns) load_group(op.input.row<T>(row + i) + column, values);
#pragma unroll
    for (int j = 0; j < group; ++j) {
      amax =
          fmaxf(amax, fabsf(values[j] + (values[j] - values[j])));  // a NaN where it is infinite: no maximum
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
__device__ void write_transposed(const Quantize& op, const Tile& place, const uint32_t* words) {
  const int64_t row = place.row + lane_index() * quad;
  for (int column = warp_index(); column < tile; column += threads / warp_lanes)
    if (place.column + column < op.input.columns && row < op.transposed.columns)
      *reinterpret_cast<uint32_t*>(op.transposed.row<Float8>(place.column + column) + row) =
          words[column * word_stride + lane_index()];
}

template <typename T, typename Float8>
__global__ void __launch_bounds__(threads) quantize_kernel(Quantize op, int64_t tiles, int64_t across) {
  __shared__ uint32_t words[tile * word_stride];
  __shared__ float maxima[threads / warp_lanes];
  const int64_t live = op.input.live_rows();
  const float scale = *op.scale.as<float>();
  const int across_tile = static_cast<int>(threadIdx.x) % threads_across * group;
  const int first_quad = static_cast<int>(threadIdx.x) / threads_across;
  float amax = 0;
  for (int64_t index = blockIdx.x; index < tiles; index += gridDim.x) {
    const Tile place{index / across * tile, index % across * tile};
    for (int q = first_quad; q < quads; q += threads_down) {
      const QuadBytes bytes =
          round_quad<T, Float8>(op, live, scale, place.row + q * quad, place.column + across_tile, amax);
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

__global__ void collect_maxima_kernel(CollectMaxima op) {
  const int64_t tensor = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (tensor < op.scaling.rows)
    op.maxima.as<float>()[tensor] = op.scaling.row<float>(tensor)[scaling_columns::amax];
}

__global__ void update_scaling_kernel(UpdateScaling op) {
  const int64_t tensor = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (tensor >= op.scaling.rows) return;
  float amax = 0;
  for (int64_t process = 0; process < op.maxima.rows; ++process)
    amax = fmaxf(amax, op.maxima.row<float>(process)[tensor]);
  update_scaling_row(op.scaling.row<float>(tensor), amax);
}

// A thread for each tensor.
LaunchShape one_each(int64_t tensors) {
  return {(tensors + warp_lanes - 1) / warp_lanes, warp_lanes};
}

}  // namespace

void quantize(Cuda& device, const Quantize& op) {
  require_groups("quantize", {op.input});
  const int64_t rows = op.transposed ? op.transposed.columns : op.input.rows;
  const int64_t across = (op.input.columns + tile - 1) / tile, tiles = (rows + tile - 1) / tile * across;
  with_storage_type(op.input, "quantize", [&]<typename T>(T) {
    with_float8_type(op, [&]<typename Float8>(Float8) {
      launch(device, {looping_blocks(device, tiles, 1), threads}, quantize_kernel<T, Float8>, op, tiles,
             across);
    });
  });
}

void collect_maxima(Cuda& device, const CollectMaxima& op) {
  launch(device, one_each(op.scaling.rows), collect_maxima_kernel, op);
}

void update_scaling(Cuda& device, const UpdateScaling& op) {
  launch(device, one_each(op.scaling.rows), update_scaling_kernel, op);
}

}  // namespace cloze
