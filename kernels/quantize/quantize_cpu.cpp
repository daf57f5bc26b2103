#include "kernels/quantize/quantize_tile_cpu.h"
#include "kernels/quantize/scaling.h"

namespace cloze {

void quantize(Cpu&, const Quantize& op) {
  quantize_tiles(op, [&](const TileRange& place, TileValues& values) {
    for (int64_t i = 0; i < place.live; ++i)
      std::copy_n(op.input.row<float>(place.row + i) + place.column, place.columns, values.rows[i]);
  });
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
