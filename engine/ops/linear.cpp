#include "engine/ops/linear.h"

#include "engine/graph/differentiate.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/product_rules.h"
#include "engine/ops/shape_rules.h"
#include "kernels/common/column_sum.h"

namespace cloze {

std::vector<ValueType> LinearOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 3 && is_real(inputs[0]), "linear takes x, weight and an optional bias");
  require(is_table(inputs[1], inputs[0], inputs[0].columns), "weight must be [out, in] for x [rows, in]");
  const ValueType output{inputs[0].dtype, inputs[0].rows, inputs[1].rows, inputs[0].axis};
  require(inputs[2].rows == 0 || is_row_of(inputs[2], output), "bias must be [1, out]");
  return {output};
}

Cost LinearOp::cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const {
  return product_cost(inputs[0].rows, inputs[0].columns, inputs[1].rows, inputs, outputs);
}

bool LinearOp::differentiate(Differentiation& differentiation, const Node& node) const {
  const ValueId gradient = differentiation.gradient(node.outputs[0]);
  const auto [x, weight, bias] = std::tuple(node.inputs[0], node.inputs[1], node.inputs[2]);
  if (differentiation.wanted(weight)) {
    differentiation.contribute(
        weight, differentiation.add(std::make_shared<LinearWeightGradientOp>(), {gradient, x})[0]);
  }
  if (differentiation.wanted(bias)) {
    differentiation.contribute(bias, differentiation.add(std::make_shared<ColumnSumOp>(), {gradient})[0]);
  }
  if (differentiation.wanted(x)) {
    differentiation.contribute(
        x, differentiation.add(std::make_shared<LinearInputGradientOp>(), {gradient, weight})[0]);
  }
  return true;
}

template <class Device>
Launch LinearOp::bind_on(Device& device, const Operands& operands) const {
  const LinearForward kernel{.input = operands.inputs[0],
                             .weight = operands.inputs[1],
                             .bias = operands.inputs[2],
                             .output = operands.outputs[0],
                             .rounding = rounding_of(operands.precision)};
  return [&device, kernel] { linear_forward(device, kernel); };
}

std::vector<ValueType> LinearInputGradientOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 2 && is_real(inputs[0]) && inputs[0].columns == inputs[1].rows &&
              is_table(inputs[1], inputs[0], inputs[1].columns),
          "gradient [rows, out] does not fit weight [out, in]");
  return {{inputs[0].dtype, inputs[0].rows, inputs[1].columns, inputs[0].axis}};
}

Cost LinearInputGradientOp::cost(std::span<const ValueType> inputs,
                                 std::span<const ValueType> outputs) const {
  return product_cost(inputs[0].rows, inputs[0].columns, inputs[1].columns, inputs, outputs);
}

template <class Device>
Launch LinearInputGradientOp::bind_on(Device& device, const Operands& operands) const {
  const LinearInputGradient kernel{.output_gradient = operands.inputs[0],
                                   .weight = operands.inputs[1],
                                   .input_gradient = operands.outputs[0],
                                   .mode = operands.modes[0],
                                   .rounding = rounding_of(operands.precision)};
  return [&device, kernel] { linear_input_gradient(device, kernel); };
}

std::vector<ValueType> LinearWeightGradientOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 2 && is_real(inputs[0]) && inputs[0].dtype == inputs[1].dtype &&
              inputs[0].rows == inputs[1].rows && inputs[0].axis == inputs[1].axis,
          "gradient [rows, out] and x [rows, in] differ in rows or precision");
  const ValueType& gradient = inputs[0];
  const DType sums = sum_type(gradient.dtype);
  const ValueType weight{sums, gradient.columns, inputs[1].columns};
  if (!bias_gradient_) return {weight};
  return {weight, sum_row_of(gradient), {sums, 1, column_sum_workspace(gradient.rows, gradient.columns)}};
}

Cost LinearWeightGradientOp::cost(std::span<const ValueType> inputs,
                                  std::span<const ValueType> outputs) const {
  return product_cost(inputs[0].rows, inputs[0].columns, inputs[1].columns, inputs, outputs);
}

template <class Device>
Launch LinearWeightGradientOp::bind_on(Device& device, const Operands& operands) const {
  LinearWeightGradient kernel{.output_gradient = operands.inputs[0],
                              .input = operands.inputs[1],
                              .weight_gradient = operands.outputs[0],
                              .mode = operands.modes[0],
                              .rounding = rounding_of(operands.precision)};
  if (bias_gradient_) {
    kernel.bias_gradient = operands.outputs[bias_gradient_output];
    kernel.bias_mode = operands.modes[bias_gradient_output];
    kernel.workspace = operands.outputs[2];
  }
  return [&device, kernel] { linear_weight_gradient(device, kernel); };
}

ValueId linear(Graph& graph, ValueId x, ValueId weight, ValueId bias) {
  return graph.add(std::make_shared<LinearOp>(), {x, weight, bias})[0];
}

template class BoundOp<LinearOp>;
template class BoundOp<LinearInputGradientOp>;
template class BoundOp<LinearWeightGradientOp>;

}  // namespace cloze
