#include "engine/ops/squared_error.h"

#include "engine/graph/differentiate.h"
#include "engine/ops/shape_rules.h"
#include "kernels/squared_error/squared_error.h"

namespace cloze {

std::vector<ValueType> SquaredErrorOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 3 && is_real(inputs[0]) && inputs[0].columns == 1,
          "squared_error takes x [rows, 1], targets and a scale");
  const ValueType& x = inputs[0];
  require(inputs[1] == x, "the targets must be of the type of x");
  require(inputs[2] == ValueType{x.dtype, 1, 1}, "the scale must be [1, 1]");
  std::vector<ValueType> outputs{{x.dtype, 1, 1}, x};
  if (with_gradient_) outputs.push_back(x);
  return outputs;
}

std::vector<Alias> SquaredErrorOp::aliases() const {
  return with_gradient_ ? std::vector<Alias>{{gradient, 0}} : std::vector<Alias>{};
}

bool SquaredErrorOp::differentiate(Differentiation& differentiation, const Node& node) const {
  if (!with_gradient_ || !differentiation.is_unit(node.outputs[loss])) return false;
  differentiation.contribute(node.inputs[0], node.outputs[gradient]);
  return true;
}

template <class Device>
Launch SquaredErrorOp::bind_on(Device& device, const Operands& operands) const {
  SquaredError kernel{.x = operands.inputs[0],
                      .targets = operands.inputs[1],
                      .scale = operands.inputs[2],
                      .loss = operands.outputs[loss],
                      .row_loss = operands.outputs[row_loss]};
  if (with_gradient_) kernel.gradient = operands.outputs[gradient];
  return [&device, kernel] { squared_error(device, kernel); };
}

SquaredErrorOutputs squared_error(Graph& graph, ValueId x, ValueId targets, ValueId scale,
                                  bool with_gradient) {
  const auto outputs = graph.add(std::make_shared<SquaredErrorOp>(with_gradient), {x, targets, scale});
  return {outputs[SquaredErrorOp::loss], outputs[SquaredErrorOp::row_loss]};
}

template class BoundOp<SquaredErrorOp>;

}  // namespace cloze
