#include "engine/ops/rows.h"

#include "engine/graph/differentiate.h"
#include "engine/ops/shape_rules.h"
#include "kernels/rows/rows.h"

namespace cloze {
namespace {

void require_index(const ValueType& index) {
  require(index.dtype == DType::i32 && index.columns == 1, "the index must be i32 [rows, 1]");
}

}  // namespace

std::vector<ValueType> GatherRowsOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 2 && (is_real(inputs[0]) || inputs[0].dtype == DType::i32),
          "gather_rows takes x and an index");
  require_index(inputs[1]);
  return {{inputs[0].dtype, inputs[1].rows, inputs[0].columns, inputs[1].axis}};
}

Cost GatherRowsOp::cost(std::span<const ValueType>, std::span<const ValueType> outputs) const {
  return {0, 2.0 * static_cast<double>(outputs[0].bytes())};
}

bool GatherRowsOp::differentiate(Differentiation& differentiation, const Node& node) const {
  const ValueType& x = differentiation.type(node.inputs[0]);
  const auto op = std::make_shared<ScatterRowsOp>(x.rows, x.axis);
  differentiation.contribute(
      node.inputs[0],
      differentiation.add(op, {differentiation.gradient(node.outputs[0]), node.inputs[1]})[0]);
  return true;
}

template <class Device>
Launch GatherRowsOp::bind_on(Device& device, const Operands& operands) const {
  const GatherRows kernel{
      .input = operands.inputs[0], .index = operands.inputs[1], .output = operands.outputs[0]};
  return [&device, kernel] { cloze::gather_rows(device, kernel); };
}

std::vector<ValueType> ScatterRowsOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 2 && is_real(inputs[0]) && are_integers_of(inputs[1], inputs[0], 1),
          "scatter_rows takes x and an index of its rows, i32 [rows, 1]");
  return {{inputs[0].dtype, target_rows_, inputs[0].columns, target_axis_}};
}

template <class Device>
Launch ScatterRowsOp::bind_on(Device& device, const Operands& operands) const {
  const ScatterRows kernel{.input = operands.inputs[0],
                           .index = operands.inputs[1],
                           .output = operands.outputs[0],
                           .mode = operands.modes[0]};
  return [&device, kernel] { scatter_rows(device, kernel); };
}

ValueId gather_rows(Graph& graph, ValueId x, ValueId index) {
  return graph.add(std::make_shared<GatherRowsOp>(), {x, index})[0];
}

template class BoundOp<GatherRowsOp>;
template class BoundOp<ScatterRowsOp>;

}  // namespace cloze
