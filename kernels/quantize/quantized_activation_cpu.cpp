#include "kernels/common/column_sum.h"
#include "kernels/quantize/quantize_tile_cpu.h"
#include "kernels/quantize/quantized_activation.h"

namespace cloze {

void quantized_activation(Cpu& device, const QuantizedActivation& op) {
  Quantize target = op.output;
  target.input = op.input;
  quantize_tiles(target, [&](const TileRange& place, TileValues& values) {
    if (place.live == 0) return;
    activation_forward(device, {.activation = op.activation,
                                .input = rows_of(op.input, place),
                                .bias = columns_of(op.bias, place),
                                .output = values.tensor(place)});
  });
}

void quantized_activation_gradient(Cpu& device, const QuantizedActivationGradient& op) {
  static_assert(quantize_tile == column_sum_chunk_rows);
  const int64_t columns = op.input.columns;
  Quantize target = op.input_gradient;
  target.input = op.output_gradient;
  quantize_tiles(target, [&](const TileRange& place, TileValues& values) {
    if (place.live == 0) return;
    activation_backward(device, {.activation = op.activation,
                                 .input = rows_of(op.input, place),
                                 .bias = columns_of(op.bias, place),
                                 .output_gradient = rows_of(op.output_gradient, place),
                                 .input_gradient = values.tensor(place)});
    if (!op.bias_gradient) return;
    float* sums = op.workspace.as<float>() + place.row / column_sum_chunk_rows * columns + place.column;
    std::fill_n(sums, place.columns, 0.0f);
    for (int64_t i = 0; i < place.live; ++i)
      for (int64_t j = 0; j < place.columns; ++j) sums[j] += values.rows[i][j];
  });
  if (op.bias_gradient)
    finish_column_sums(op.workspace.as<float>(), column_sum_chunks(op.output_gradient.live_rows()), columns,
                       columns, op.mode, op.bias_gradient.as<float>());
}

}  // namespace cloze
