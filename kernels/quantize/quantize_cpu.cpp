#include <algorithm>
#include <atomic>
#include <cmath>

#include "kernels/common/parallel.h"
#include "kernels/quantize/quantize.h"
#include "kernels/quantize/scaling.h"

namespace cloze {
namespace {

constexpr int64_t tile = 64;  // rows and columns that stay in the nearest cache while they change places

struct TilePlace {
  int64_t row, rows, column, columns;
};

// Returns the largest finite magnitude of the tile's live rows.
template <typename Float8>
float quantize_tile(const Quantize& op, int64_t live, const TilePlace& place) {
  const float scale = *op.scale.as<float>();
  float amax = 0;
  Float8 block[tile][tile];
  for (int64_t i = 0; i < place.rows; ++i) {
    const int64_t row = place.row + i;
    if (row >= live) {
      std::fill_n(block[i], place.columns, Float8{0});
      continue;
    }
    const float* values = op.input.row<float>(row) + place.column;
    for (int64_t j = 0; j < place.columns; ++j) {
      const float magnitude = std::abs(values[j]);
      if (std::isfinite(magnitude)) amax = std::max(amax, magnitude);
      block[i][j] = to_float8<Float8>(values[j] * scale);
    }
    if (op.rounded) std::copy_n(block[i], place.columns, op.rounded.row<Float8>(row) + place.column);
  }
  if (!op.transposed) return amax;
  for (int64_t j = 0; j < place.columns; ++j) {
    Float8* target = op.transposed.row<Float8>(place.column + j) + place.row;
    for (int64_t i = 0; i < place.rows; ++i) target[i] = block[i][j];
  }
  return amax;
}

void raise(std::atomic<float>& largest, float value) {
  float before = largest.load();
  while (value > before && !largest.compare_exchange_weak(before, value)) {
  }
}

}  // namespace

void quantize(Cpu&, const Quantize& op) {
  const int64_t live = op.input.live_rows();
  const int64_t rows = op.transposed ? op.transposed.columns : live;
  const int64_t down = (rows + tile - 1) / tile, across = (op.input.columns + tile - 1) / tile;
  std::atomic<float> amax = *op.amax.as<float>();
  with_float8_type(op, [&]<typename Float8>(Float8) {
    parallel_for(0, down * across, 1, [&](int64_t first, int64_t last) {
      float largest = 0;
      for (int64_t index = first; index < last; ++index) {
        const int64_t row = index / across * tile, column = index % across * tile;
        largest = std::max(largest, quantize_tile<Float8>(op, live,
                                                          {row, std::min(tile, rows - row), column,
                                                           std::min(tile, op.input.columns - column)}));
      }
      raise(amax, largest);
    });
  });
  *op.amax.as<float>() = amax;
}

void collect_maxima(Cpu&, const CollectMaxima& op) {
  for (int64_t tensor = 0; tensor < op.scaling.rows; ++tensor)
    op.maxima.as<float>()[tensor] = op.scaling.row<float>(tensor)[scaling_columns::amax];
}

void update_scaling(Cpu&, const UpdateScaling& op) {
  for (int64_t tensor = 0; tensor < op.scaling.rows; ++tensor) {
    float amax = 0;
    for (int64_t process = 0; process < op.maxima.rows; ++process)
      amax = std::max(amax, op.maxima.row<float>(process)[tensor]);
    update_scaling_row(op.scaling.row<float>(tensor), amax);
  }
}

}  // namespace cloze
