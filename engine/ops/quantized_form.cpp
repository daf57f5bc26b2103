#include "engine/ops/quantized_form.h"

#include <fmt/core.h>

#include "engine/ops/shape_rules.h"

namespace cloze {

std::vector<ValueType> QuantizedForm::types(const ValueType& values, const ValueType& scale,
                                            const ValueType& amax) const {
  const ValueType number{sum_type(values.dtype), 1, 1};
  require(scale == number && amax == number, "scale and maximum must be full, [1, 1]");
  std::vector<ValueType> types{number};
  if (row_major) types.push_back({format, values.rows, values.columns, values.axis});
  if (transposed) types.push_back({format, values.columns, padded_to_float8_groups(values.rows)});
  return types;
}

Quantize QuantizedForm::kernel(const Operands& operands, size_t scale) const {
  Quantize kernel{.input = {}, .scale = operands.inputs[scale], .amax = operands.outputs[0]};
  size_t output = 1;
  if (row_major) kernel.rounded = operands.outputs[output++];
  if (transposed) kernel.transposed = operands.outputs[output];
  return kernel;
}

std::string QuantizedForm::text() const {
  return fmt::format("{}{}", row_major ? " row_major" : "", transposed ? " transposed" : "");
}

}  // namespace cloze
