#include "engine/ops/quantized_activation.h"

#include "engine/ops/shape_rules.h"
#include "kernels/common/column_sum.h"
#include "kernels/quantize/quantized_activation.h"

namespace cloze {
std::string QuantizedActivationOp::attributes() const {
  return name_of(attributes_.activation) + attributes_.form.text();
}

std::vector<ValueType> QuantizedActivationOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == input_count && is_real(inputs[x]) &&
              (inputs[bias].rows == 0 || is_row_of(inputs[bias], inputs[x])),
          "a quantized activation takes x, its bias, scale and maximum");
  require(attributes_.form.format == DType::f8_e4m3, "an activation is rounded to e4m3");
  return attributes_.form.types(inputs[x], inputs[scale], inputs[amax]);
}

template <class Device>
Launch QuantizedActivationOp::bind_on(Device& device, const Operands& operands) const {
  const QuantizedActivation kernel{.activation = attributes_.activation,
                                   .input = operands.inputs[x],
                                   .bias = operands.inputs[bias],
                                   .output = attributes_.form.kernel(operands, scale)};
  return [&device, kernel] { quantized_activation(device, kernel); };
}

std::string QuantizedActivationGradientOp::attributes() const {
  return name_of(attributes_.activation) + attributes_.form.text() +
         (attributes_.bias_gradient ? " bias_gradient" : "");
}

std::vector<ValueType> QuantizedActivationGradientOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == input_count && is_real(inputs[x]) && inputs[output_gradient] == inputs[x] &&
              (inputs[bias].rows == 0 || is_row_of(inputs[bias], inputs[x])),
          "a quantized gradient of an activation takes x, its bias, the gradient, scale and maximum");
  const ValueType& values = inputs[x];
  require(attributes_.form.format == DType::f8_e5m2, "a gradient is rounded to e5m2");
  std::vector<ValueType> outputs = attributes_.form.types(values, inputs[scale], inputs[amax]);
  if (attributes_.bias_gradient) {
    outputs.push_back(sum_row_of(values));
    outputs.push_back({sum_type(values.dtype), 1, column_sum_workspace(values.rows, values.columns)});
  }
  return outputs;
}

template <class Device>
Launch QuantizedActivationGradientOp::bind_on(Device& device, const Operands& operands) const {
  QuantizedActivationGradient kernel{.activation = attributes_.activation,
                                     .input = operands.inputs[x],
                                     .bias = operands.inputs[bias],
                                     .output_gradient = operands.inputs[output_gradient],
                                     .input_gradient = attributes_.form.kernel(operands, scale)};
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
