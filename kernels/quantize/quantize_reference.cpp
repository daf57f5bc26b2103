#include <cmath>

#include "kernels/common/reference.h"
#include "kernels/quantize/quantize.h"
#include "kernels/quantize/scaling.h"

namespace cloze {
namespace {

// By way of float, as everywhere: a double keeps more places only than no test asks for.
template <typename Float8, typename T>
Float8 rounded(T value, T scale) {
  return to_float8<Float8>(static_cast<float>(value * scale));
}

}  // namespace

void quantize(Reference&, const Quantize& op) {
  with_float8_type(op, [&]<typename Float8>(Float8) {
    with_element_type(op.input, [&]<typename T>(T) {
      const int64_t live = op.input.live_rows();
      const T scale = *op.scale.as<T>();
      T& amax = *op.amax.as<T>();
      for (int64_t row = 0; row < live; ++row)
        for (int64_t column = 0; column < op.input.columns; ++column) {
          const T value = op.input.row<T>(row)[column];
          if (std::isfinite(value)) amax = std::max(amax, std::abs(value));
          if (op.rounded) op.rounded.row<Float8>(row)[column] = rounded<Float8>(value, scale);
        }
      if (!op.transposed) return;
      for (int64_t column = 0; column < op.input.columns; ++column)
        for (int64_t row = 0; row < op.transposed.columns; ++row)
          op.transposed.row<Float8>(column)[row] =
              row < live ? rounded<Float8>(op.input.row<T>(row)[column], scale) : Float8{0};
    });
  });
}

void collect_maxima(Reference&, const CollectMaxima& op) {
  with_element_type(op.scaling, [&]<typename T>(T) {
    for (int64_t tensor = 0; tensor < op.scaling.rows; ++tensor)
      op.maxima.as<T>()[tensor] = op.scaling.row<T>(tensor)[scaling_columns::amax];
  });
}

void update_scaling(Reference&, const UpdateScaling& op) {
  with_element_type(op.scaling, [&]<typename T>(T) {
    for (int64_t tensor = 0; tensor < op.scaling.rows; ++tensor) {
      T amax = 0;
      for (int64_t process = 0; process < op.maxima.rows; ++process)
        amax = std::max(amax, op.maxima.row<T>(process)[tensor]);
      update_scaling_row(op.scaling.row<T>(tensor), static_cast<float>(amax));
    }
  });
}

}  // namespace cloze
