#include "engine/ops/quantized_activation.h"

#include <fmt/core.h>

#include "engine/ops/shape_rules.h"
#include "kernels/common/column_sum.h"
#include "kernels/quantize/quantized_activation.h"

namespace cloze {
namespace {

// What both ops are told of their result, and the rule of its types.
struct Arrangements {
  DType format;
  bool row_major, transposed;
};

std::vector<ValueType> quantized_types(const ValueType& values, const ValueType& scale, const ValueType& amax,
                                       const Arrangements& wanted) {
  const ValueType number{sum_type(values.dtype), 1, 1};
  require(scale == number && amax == number, "scale and maximum must be full, [1, 1]");
  std::vector<ValueType> outputs{number};
  if (wanted.row_major) outputs.push_back({wanted.format, values.rows, values.columns, values.axis});
  if (wanted.transposed)
    outputs.push_back({wanted.format, values.columns, padded_to_float8_groups(values.rows)});
  return outputs;
}

Quantize quantized(const Operands& operands, size_t scale, const Arrangements& wanted) {
  Quantize kernel{.input = {}, .scale = operands.inputs[scale], .amax = operands.outputs[0]};
  size_t output = 1;
  if (wanted.row_major) kernel.rounded = operands.outputs[output++];
  if (wanted.transposed) kernel.transposed = operands.outputs[output];
  return kernel;
}

std::string text_of(Activation activation, bool row_major, bool transposed) {
  return fmt::format("{}{}{}", name_of(activation), row_major ? " row_major" : "",
                     transposed ? " transposed" : "");
}

}  // namespace

std::string QuantizedActivationOp::attributes() const {
  return text_of(attributes_.activation, attributes_.row_major, attributes_.transposed);
}

std::vector<ValueType> QuantizedActivationOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == input_count && is_real(inputs[x]) &&
              (inputs[bias].rows == 0 || is_row_of(inputs[bias], inputs[x])),
          "a quantized activation takes x, its bias, scale and maximum");
  return quantized_types(inputs[x], inputs[scale], inputs[amax],
                         {DType::f8_e4m3, attributes_.row_major, attributes_.transposed});
}

template <class Device>
Launch QuantizedActivationOp::bind_on(Device& device, const Operands& operands) const {
  const QuantizedActivation kernel{
      .activation = attributes_.activation,
      .input = operands.inputs[x],
      .bias = operands.inputs[bias],
      .output = quantized(operands, scale, {DType::f8_e4m3, attributes_.row_major, attributes_.transposed})};
  return [&device, kernel] { quantized_activation(device, kernel); };
}

std::string QuantizedActivationGradientOp::attributes() const {
  return text_of(attributes_.activation, attributes_.row_major, attributes_.transposed) +
         (attributes_.bias_gradient ? " bias_gradient" : "");
}

std::vector<ValueType> QuantizedActivationGradientOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == input_count && is_real(inputs[x]) && inputs[output_gradient] == inputs[x] &&
              (inputs[bias].rows == 0 || is_row_of(inputs[bias], inputs[x])),
          "a quantized gradient of an activation takes x, its bias, the gradient, scale and maximum");
  const ValueType& values = inputs[x];
  std::vector<ValueType> outputs = quantized_types(
      values, inputs[scale], inputs[amax], {DType::f8_e5m2, attributes_.row_major, attributes_.transposed});
  if (attributes_.bias_gradient) {
    outputs.push_back(sum_row_of(values));
    outputs.push_back({sum_type(values.dtype), 1, column_sum_workspace(values.rows, values.columns)});
  }
  return outputs;
}

template <class Device>
Launch QuantizedActivationGradientOp::bind_on(Device& device, const Operands& operands) const {
  QuantizedActivationGradient kernel{
      .activation = attributes_.activation,
      .input = operands.inputs[x],
      .bias = operands.inputs[bias],
      .output_gradient = operands.inputs[output_gradient],
      .input_gradient =
          quantized(operands, scale, {DType::f8_e5m2, attributes_.row_major, attributes_.transposed})};
  if (attributes_.bias_gradient) {
    const auto output = static_cast<size_t>(bias_gradient_output());
    kernel.bias_gradient = operands.outputs[output];
    kernel.mode = operands.modes[output];
    kernel.workspace = operands.outputs[output + 1];
  }
  return [&device, kernel] { quantized_activation_gradient(device, kernel); };
}

template class BoundOp<QuantizedActivationOp>;
template class BoundOp<QuantizedActivationGradientOp>;

}  // namespace cloze
