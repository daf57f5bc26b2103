#include "engine/ops/elementwise.h"

#include "engine/graph/differentiate.h"
#include "kernels/elementwise/elementwise.h"

namespace cloze {

std::vector<ValueType> AddOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 2 && inputs[0] == inputs[1] && is_real(inputs[0]),
          "add takes two values of one type");
  return {inputs[0]};
}

bool AddOp::differentiate(Differentiation& differentiation, const Node& node) const {
  const ValueId gradient = differentiation.gradient(node.outputs[0]);
  for (const ValueId input : node.inputs) differentiation.contribute(input, gradient);
  return true;
}

template <class Device>
Launch AddOp::bind_on(Device& device, const Operands& operands) const {
  const Add kernel{.left = operands.inputs[0], .right = operands.inputs[1], .output = operands.outputs[0]};
  return [&device, kernel] { cloze::add(device, kernel); };
}

std::vector<ValueType> ColumnSumOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 1 && is_real(inputs[0]), "column_sum takes one matrix");
  const auto& x = inputs[0];
  return {sum_row_of(x), {sum_type(x.dtype), 1, column_sum_workspace(x.rows, x.columns)}};
}

template <class Device>
Launch ColumnSumOp::bind_on(Device& device, const Operands& operands) const {
  const ColumnSum kernel{.input = operands.inputs[0],
                         .sums = operands.outputs[0],
                         .mode = operands.modes[0],
                         .workspace = operands.outputs[1]};
  return [&device, kernel] { column_sum(device, kernel); };
}

std::vector<ValueType> CastOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 1 && is_real(inputs[0]), "cast takes one matrix");
  return {{to_, inputs[0].rows, inputs[0].columns, inputs[0].axis}};
}

bool CastOp::differentiate(Differentiation& differentiation, const Node& node) const {
  const DType from = differentiation.type(node.inputs[0]).dtype;
  const ValueId gradient = differentiation.gradient(node.outputs[0]);
  differentiation.contribute(node.inputs[0],
                             differentiation.add(std::make_shared<CastOp>(from), {gradient})[0]);
  return true;
}

template <class Device>
Launch CastOp::bind_on(Device& device, const Operands& operands) const {
  const Cast kernel{.input = operands.inputs[0], .output = operands.outputs[0]};
  if (kernel.input.rows == 1 && kernel.input.live == nullptr)
    return [&device, kernel] { cast_flat(device, kernel.input, kernel.output); };
  return [&device, kernel] { cloze::cast(device, kernel); };
}

std::vector<ValueType> DropoutOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 3 && is_real(inputs[0]), "dropout takes x, key and row ids");
  require_dropout(dropout_, inputs[1], inputs[2], inputs[0]);
  return {inputs[0]};
}

bool DropoutOp::differentiate(Differentiation& differentiation, const Node& node) const {
  const ValueId gradient = differentiation.gradient(node.outputs[0]);
  differentiation.contribute(
      node.inputs[0],
      differentiation.add(std::make_shared<DropoutOp>(*this), {gradient, node.inputs[1], node.inputs[2]})[0]);
  return true;
}

template <class Device>
Launch DropoutOp::bind_on(Device& device, const Operands& operands) const {
  const DropoutApply kernel{.input = operands.inputs[0],
                            .dropout = dropout_of(dropout_, operands.inputs[1], operands.inputs[2]),
                            .output = operands.outputs[0]};
  return [&device, kernel] { dropout_apply(device, kernel); };
}

ValueId add(Graph& graph, ValueId left, ValueId right) {
  return graph.add(std::make_shared<AddOp>(), {left, right})[0];
}

ValueId dropout(Graph& graph, ValueId x, DropoutSite site, ValueId key, ValueId row_ids) {
  return site.active() ? graph.add(std::make_shared<DropoutOp>(site), {x, key, row_ids})[0] : x;
}

template class BoundOp<AddOp>;
template class BoundOp<CastOp>;
template class BoundOp<ColumnSumOp>;
template class BoundOp<DropoutOp>;

}  // namespace cloze
