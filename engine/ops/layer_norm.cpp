#include "engine/ops/layer_norm.h"

#include "engine/graph/differentiate.h"
#include "kernels/layer_norm/layer_norm.h"

namespace cloze {

std::vector<ValueType> LayerNormOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == input_count && is_real(inputs[x]),
          "layer_norm takes seven inputs, some of them optional");
  const ValueType row = sum_row_of(inputs[x]);
  require(inputs[gamma] == row && inputs[beta] == row, "gamma and beta must be [1, hidden]");
  require(inputs[bias].rows == 0 || is_row_of(inputs[bias], inputs[x]), "bias must be [1, hidden]");
  require(inputs[residual].rows == 0 || inputs[residual] == inputs[x],
          "the residual must have the type of x");
  require_dropout(dropout_, inputs[key], inputs[row_ids], inputs[x]);
  std::vector<ValueType> outputs{inputs[x]};
  if (keep_) {
    outputs.push_back(inputs[x]);
    outputs.push_back({sum_type(inputs[x].dtype), inputs[x].rows, 2, inputs[x].axis});
  }
  return outputs;
}

std::vector<Alias> LayerNormOp::aliases() const {
  if (!keep_) return {{0, x}, {0, residual}};
  return {{1, x}, {1, residual}};
}

bool LayerNormOp::differentiate(Differentiation& differentiation, const Node& node) const {
  const bool bias_gradient = differentiation.wanted(node.inputs[bias]);
  const auto op = std::make_shared<LayerNormBackwardOp>(dropout_, bias_gradient);
  const auto gradients =
      differentiation.add(op, {differentiation.gradient(node.outputs[0]), node.outputs[1], node.outputs[2],
                               node.inputs[gamma], node.inputs[key], node.inputs[row_ids]});
  const auto output = [&](int index) { return gradients[static_cast<size_t>(index)]; };
  differentiation.contribute(node.inputs[gamma], output(LayerNormBackwardOp::gamma_gradient));
  differentiation.contribute(node.inputs[beta], output(LayerNormBackwardOp::beta_gradient));
  if (bias_gradient) differentiation.contribute(node.inputs[bias], output(op->bias_gradient_output()));
  if (node.inputs[residual]) {
    differentiation.contribute(node.inputs[residual], output(LayerNormBackwardOp::sum_gradient));
  }
  differentiation.contribute(node.inputs[x], output(op->input_gradient_output()));
  return true;
}

template <class Device>
Launch LayerNormOp::bind_on(Device& device, const Operands& operands) const {
  LayerNormForward kernel{.input = operands.inputs[x],
                          .bias = operands.inputs[bias],
                          .dropout = dropout_of(dropout_, operands.inputs[key], operands.inputs[row_ids]),
                          .residual = operands.inputs[residual],
                          .gamma = operands.inputs[gamma],
                          .beta = operands.inputs[beta],
                          .epsilon = epsilon_,
                          .output = operands.outputs[0]};
  if (keep_) {
    kernel.sum = operands.outputs[1];
    kernel.statistics = operands.outputs[2];
  }
  return [&device, kernel] { layer_norm_forward(device, kernel); };
}

std::string LayerNormBackwardOp::attributes() const {
  const std::string text = describe(dropout_);
  return bias_gradient_ ? text + (text.empty() ? "" : " ") + "bias_gradient" : text;
}

std::vector<ValueType> LayerNormBackwardOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 6 && inputs[0] == inputs[1] && is_real(inputs[0]),
          "layer_norm_backward: the gradient and the sum differ in type");
  const ValueType& x = inputs[0];
  const ValueType row = sum_row_of(x);
  require(inputs[2] == ValueType{row.dtype, x.rows, 2, x.axis} && inputs[3] == row,
          "statistics must be [rows, 2] and gamma [1, hidden]");
  require_dropout(dropout_, inputs[4], inputs[5], x);
  std::vector<ValueType> outputs{
      x, row, row, {row.dtype, 1, layer_norm_backward_workspace(x.rows, x.columns)}};
  if (dropout_.active()) outputs.push_back(x);
  if (bias_gradient_) outputs.push_back(row);
  return outputs;
}

bool LayerNormBackwardOp::accumulates(int output) const {
  return output == gamma_gradient || output == beta_gradient ||
         (bias_gradient_ && output == bias_gradient_output());
}

template <class Device>
Launch LayerNormBackwardOp::bind_on(Device& device, const Operands& operands) const {
  LayerNormBackward kernel{.output_gradient = operands.inputs[0],
                           .sum = operands.inputs[1],
                           .statistics = operands.inputs[2],
                           .gamma = operands.inputs[3],
                           .dropout = dropout_of(dropout_, operands.inputs[4], operands.inputs[5]),
                           .sum_gradient = operands.outputs[sum_gradient],
                           .gamma_gradient = operands.outputs[gamma_gradient],
                           .beta_gradient = operands.outputs[beta_gradient],
                           .mode = common_mode(operands, {gamma_gradient, beta_gradient}),
                           .workspace = operands.outputs[workspace]};
  if (dropout_.active())
    kernel.input_gradient = operands.outputs[static_cast<size_t>(input_gradient_output())];
  if (bias_gradient_) {
    kernel.bias_gradient = operands.outputs[static_cast<size_t>(bias_gradient_output())];
    kernel.mode = common_mode(operands, {gamma_gradient, beta_gradient, bias_gradient_output()});
  }
  return [&device, kernel] { layer_norm_backward(device, kernel); };
}

ValueId layer_norm(Graph& graph, const LayerNormInputs& inputs, float epsilon, DropoutSite dropout,
                   bool keep) {
  const bool active = dropout.active();
  return graph.add(std::make_shared<LayerNormOp>(epsilon, dropout, keep),
                   {inputs.x, no_value, inputs.residual, inputs.gamma, inputs.beta,
                    active ? inputs.key : no_value, active ? inputs.row_ids : no_value})[0];
}

template class BoundOp<LayerNormOp>;
template class BoundOp<LayerNormBackwardOp>;

}  // namespace cloze
