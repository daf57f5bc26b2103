#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>

#include "kernels/common/parallel.h"
#include "kernels/quantize/quantize.h"

// Rounding to FP8 on the CPU, whatever makes the values.
namespace cloze {

// Rows and columns that stay in the nearest cache while they change places.
constexpr int64_t quantize_tile = 64;

// Where a tile lies, and how many of its rows are live.
struct TileRange {
  int64_t row, rows, column, columns, live;
};
// A tile's values, a row after the other.
struct TileValues {
  alignas(64) float rows[quantize_tile][quantize_tile];
  Tensor tensor(const TileRange& place) {
    return {rows[0], DType::f32, place.live, place.columns, quantize_tile};
  }
};

// Returns the largest finite magnitude.
template <typename Float8>
float quantize_tile_values(const Quantize& op, const TileRange& place, const TileValues& values) {
  const float scale = *op.scale.as<float>();
  float amax = 0;
  Float8 bytes[quantize_tile][quantize_tile] = {};
  for (int64_t i = 0; i < place.live; ++i) {
    for (int64_t j = 0; j < place.columns; ++j) {
      const float magnitude = std::abs(values.rows[i][j]);
      if (std::isfinite(magnitude)) amax = std::max(amax, magnitude);
      bytes[i][j] = to_float8<Float8>(values.rows[i][j] * scale);
    }
    if (op.rounded)
      std::copy_n(bytes[i], place.columns, op.rounded.row<Float8>(place.row + i) + place.column);
  }
  if (!op.transposed) return amax;
  for (int64_t j = 0; j < place.columns; ++j) {
    Float8* target = op.transposed.row<Float8>(place.column + j) + place.row;
    for (int64_t i = 0; i < place.rows; ++i) target[i] = bytes[i][j];
  }
  return amax;
}

inline void raise(std::atomic<float>& largest, float value) {
  float before = largest.load();
  while (value > before && !largest.compare_exchange_weak(before, value)) {
  }
}

// `op.input` states the shape and which rows are live; source(place, values) fills in the live rows of a
// tile.
template <typename Source>
void quantize_tiles(const Quantize& op, const Source& source) {
  const int64_t live = op.input.live_rows(), columns = op.input.columns;
  const int64_t rows = op.transposed ? op.transposed.columns : live;
  const int64_t down = (rows + quantize_tile - 1) / quantize_tile;
  const int64_t across = (columns + quantize_tile - 1) / quantize_tile;
  std::atomic<float> amax = *op.amax.as<float>();
  with_float8_type(op, [&]<typename Float8>(Float8) {
    parallel_for(0, down * across, 1, [&](int64_t first, int64_t last) {
      TileValues values;
      float largest = 0;
      for (int64_t index = first; index < last; ++index) {
        const int64_t row = index / across * quantize_tile, column = index % across * quantize_tile;
        const TileRange place{row, std::min(quantize_tile, rows - row), column,
                              std::min(quantize_tile, columns - column),
                              std::clamp<int64_t>(live - row, 0, quantize_tile)};
        source(place, values);
        largest = std::max(largest, quantize_tile_values<Float8>(op, place, values));
      }
      raise(amax, largest);
    });
  });
  *op.amax.as<float>() = amax;
}

// The live rows of a tile of that tensor; the tile's columns of a bias.
inline Tensor rows_of(const Tensor& tensor, const TileRange& place) {
  return {tensor.row<float>(place.row) + place.column, DType::f32, place.live, place.columns, tensor.stride};
}
inline Tensor columns_of(const Tensor& bias, const TileRange& place) {
  if (!bias) return {};
  return {bias.as<float>() + place.column, DType::f32, 1, place.columns, place.columns};
}

}  // namespace cloze
