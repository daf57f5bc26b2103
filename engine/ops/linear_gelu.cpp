#include "engine/ops/linear_gelu.h"

#include "engine/ops/product_rules.h"
#include "engine/ops/shape_rules.h"
#include "kernels/linear/linear_gelu.h"

namespace cloze {

std::vector<ValueType> LinearGeluOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 3 && is_real(inputs[0]), "linear_gelu takes x, weight and bias");
  require(is_table(inputs[1], inputs[0], inputs[0].columns), "weight must be [out, in] for x [rows, in]");
  const ValueType output{inputs[0].dtype, inputs[0].rows, inputs[1].rows, inputs[0].axis};
  require(is_row_of(inputs[2], output), "bias must be [1, out]");
  if (!keep_) return {output};
  return {output, output};
}

Cost LinearGeluOp::cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const {
  return product_cost(inputs[0].rows, inputs[0].columns, inputs[1].rows, inputs, outputs);
}

template <class Device>
Launch LinearGeluOp::bind_on(Device& device, const Operands& operands) const {
  const LinearGelu kernel{.input = operands.inputs[0],
                          .weight = operands.inputs[1],
                          .bias = operands.inputs[2],
                          .pre_activation = keep_ ? operands.outputs[1] : Tensor{},
                          .output = operands.outputs[0],
                          .rounding = rounding_of(operands.precision)};
  return [&device, kernel] { linear_gelu(device, kernel); };
}

std::vector<ValueType> LinearGeluGradientOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 3 && is_real(inputs[0]) && inputs[0].columns == inputs[1].rows &&
              is_table(inputs[1], inputs[0], inputs[1].columns),
          "gradient [rows, out] does not fit weight [out, in]");
  const ValueType output{inputs[0].dtype, inputs[0].rows, inputs[1].columns, inputs[0].axis};
  require(inputs[2] == output, "what GELU was taken of must be [rows, in]");
  return {output};
}

Cost LinearGeluGradientOp::cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const {
  return product_cost(inputs[0].rows, inputs[0].columns, inputs[1].columns, inputs, outputs);
}

template <class Device>
Launch LinearGeluGradientOp::bind_on(Device& device, const Operands& operands) const {
  const LinearGeluGradient kernel{.output_gradient = operands.inputs[0],
                                  .weight = operands.inputs[1],
                                  .pre_activation = operands.inputs[2],
                                  .pre_gradient = operands.outputs[0],
                                  .rounding = rounding_of(operands.precision)};
  return [&device, kernel] { linear_gelu_gradient(device, kernel); };
}

template class BoundOp<LinearGeluOp>;
template class BoundOp<LinearGeluGradientOp>;

}  // namespace cloze
