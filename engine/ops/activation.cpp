#include "engine/ops/activation.h"

#include "engine/graph/differentiate.h"
#include "engine/ops/shape_rules.h"
#include "kernels/elementwise/elementwise.h"

namespace cloze {
namespace {

void require_bias(const ValueType& bias, const ValueType& x) {
  require(bias.rows == 0 || is_row_of(bias, x), "bias must be [1, columns]");
}

}  // namespace

std::vector<ValueType> ActivationOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 2 && is_real(inputs[0]), "activation takes x and an optional bias");
  require_bias(inputs[1], inputs[0]);
  return {inputs[0]};
}

bool ActivationOp::differentiate(Differentiation& differentiation, const Node& node) const {
  const bool bias_gradient = differentiation.wanted(node.inputs[1]);
  const auto gradients =
      differentiation.add(std::make_shared<ActivationBackwardOp>(activation_, bias_gradient),
                          {node.inputs[0], node.inputs[1], differentiation.gradient(node.outputs[0])});
  differentiation.contribute(node.inputs[0], gradients[ActivationBackwardOp::input_gradient_output]);
  if (bias_gradient) {
    differentiation.contribute(node.inputs[1], gradients[ActivationBackwardOp::bias_gradient_output]);
  }
  return true;
}

template <class Device>
Launch ActivationOp::bind_on(Device& device, const Operands& operands) const {
  const ActivationForward kernel{.activation = activation_,
                                 .input = operands.inputs[0],
                                 .bias = operands.inputs[1],
                                 .output = operands.outputs[0]};
  return [&device, kernel] { activation_forward(device, kernel); };
}

std::string ActivationBackwardOp::attributes() const {
  return std::string(name_of(activation_)) + (bias_gradient_ ? " bias_gradient" : "");
}

std::vector<ValueType> ActivationBackwardOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 3 && inputs[0] == inputs[2] && is_real(inputs[0]),
          "activation_backward: x and the gradient differ in type");
  const ValueType& x = inputs[0];
  require_bias(inputs[1], x);
  if (!bias_gradient_) return {x};
  return {x, sum_row_of(x), {sum_type(x.dtype), 1, column_sum_workspace(x.rows, x.columns)}};
}

template <class Device>
Launch ActivationBackwardOp::bind_on(Device& device, const Operands& operands) const {
  ActivationBackward kernel{.activation = activation_,
                            .input = operands.inputs[0],
                            .bias = operands.inputs[1],
                            .output_gradient = operands.inputs[2],
                            .input_gradient = operands.outputs[0]};
  if (bias_gradient_) {
    kernel.bias_gradient = operands.outputs[1];
    kernel.mode = operands.modes[1];
    kernel.workspace = operands.outputs[2];
  }
  return [&device, kernel] { activation_backward(device, kernel); };
}

ValueId activation(Graph& graph, ValueId x, Activation activation) {
  if (activation == Activation::identity) return x;
  return graph.add(std::make_shared<ActivationOp>(activation), {x, no_value})[0];
}

template class BoundOp<ActivationOp>;
template class BoundOp<ActivationBackwardOp>;

}  // namespace cloze
