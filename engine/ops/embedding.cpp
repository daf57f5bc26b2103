#include "engine/ops/embedding.h"

#include "engine/graph/differentiate.h"
#include "kernels/embedding/embedding.h"

namespace cloze {
namespace {

// Tables are touched a row per token, not as a whole.
Cost touched_rows(const ValueType& output, int row_reads_and_writes) {
  return {0, static_cast<double>(output.bytes()) * row_reads_and_writes};
}

}  // namespace

std::vector<ValueType> EmbeddingOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == input_count, "embedding takes eleven inputs");
  const ValueType& w = inputs[word];
  const int64_t rows = inputs[tokens].rows;
  for (const Input ids : {tokens, token_types, positions, token_order}) {
    require(inputs[ids].dtype == DType::i32 && inputs[ids].rows == rows && inputs[ids].columns == 1,
            "ids must be i32 [tokens, 1]");
  }
  require(inputs[type].columns == w.columns && inputs[position].columns == w.columns,
          "tables differ in width");
  require(inputs[gamma].columns == w.columns && inputs[beta].columns == w.columns,
          "gamma and beta must be [1, hidden]");
  require(!dropout_.active() || inputs[row_ids].rows == rows, "dropout needs row ids [tokens, 2]");
  const Axis axis = inputs[tokens].axis;
  std::vector<ValueType> outputs{{w.dtype, rows, w.columns, axis}};
  if (keep_) outputs.push_back({w.dtype, rows, 2, axis});
  return outputs;
}

Cost EmbeddingOp::cost(std::span<const ValueType>, std::span<const ValueType> outputs) const {
  return touched_rows(outputs[0], 4);
}

bool EmbeddingOp::differentiate(Differentiation& differentiation, const Node& node) const {
  const auto in = [&](Input input) { return node.inputs[static_cast<size_t>(input)]; };
  const auto gradients = differentiation.add(
      std::make_shared<EmbeddingBackwardOp>(dropout_),
      {in(tokens), in(token_types), in(positions), in(token_order), in(word), in(type), in(position),
       in(gamma), in(key), in(row_ids), node.outputs[1], differentiation.gradient(node.outputs[0])});
  differentiation.contribute(in(word), gradients[EmbeddingBackwardOp::word_gradient]);
  differentiation.contribute(in(type), gradients[EmbeddingBackwardOp::type_gradient]);
  differentiation.contribute(in(position), gradients[EmbeddingBackwardOp::position_gradient]);
  differentiation.contribute(in(gamma), gradients[EmbeddingBackwardOp::gamma_gradient]);
  differentiation.contribute(in(beta), gradients[EmbeddingBackwardOp::beta_gradient]);
  return true;
}

template <class Device>
Launch EmbeddingOp::bind_on(Device& device, const Operands& operands) const {
  EmbeddingForward kernel{.tokens = operands.inputs[tokens],
                          .token_types = operands.inputs[token_types],
                          .positions = operands.inputs[positions],
                          .word = operands.inputs[word],
                          .type = operands.inputs[type],
                          .position = operands.inputs[position],
                          .gamma = operands.inputs[gamma],
                          .beta = operands.inputs[beta],
                          .epsilon = epsilon_,
                          .dropout = dropout_of(dropout_, operands.inputs[key], operands.inputs[row_ids]),
                          .output = operands.outputs[0]};
  if (keep_) kernel.statistics = operands.outputs[1];
  return [&device, kernel] { embedding_forward(device, kernel); };
}

std::vector<ValueType> EmbeddingBackwardOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == input_count, "embedding_backward takes twelve inputs");
  const ValueType& gradient = inputs[output_gradient];
  require(gradient.rows == inputs[tokens].rows && inputs[statistics].rows == gradient.rows,
          "the gradient and the statistics must have a row per token");
  const ValueType row{gradient.dtype, 1, gradient.columns};
  return {
      gradient,
      inputs[word],
      inputs[type],
      inputs[position],
      row,
      row,
      {gradient.dtype, 1, embedding_backward_workspace(gradient.rows, gradient.columns, inputs[type].rows)}};
}

Cost EmbeddingBackwardOp::cost(std::span<const ValueType>, std::span<const ValueType> outputs) const {
  return touched_rows(outputs[sum_gradient], 8);
}

template <class Device>
Launch EmbeddingBackwardOp::bind_on(Device& device, const Operands& operands) const {
  const EmbeddingBackward kernel{
      .output_gradient = operands.inputs[output_gradient],
      .tokens = operands.inputs[tokens],
      .token_types = operands.inputs[token_types],
      .positions = operands.inputs[positions],
      .token_order = operands.inputs[token_order],
      .word = operands.inputs[word],
      .type = operands.inputs[type],
      .position = operands.inputs[position],
      .gamma = operands.inputs[gamma],
      .dropout = dropout_of(dropout_, operands.inputs[key], operands.inputs[row_ids]),
      .statistics = operands.inputs[statistics],
      .sum_gradient = operands.outputs[sum_gradient],
      .word_gradient = operands.outputs[word_gradient],
      .type_gradient = operands.outputs[type_gradient],
      .position_gradient = operands.outputs[position_gradient],
      .word_mode = operands.modes[word_gradient],
      .gamma_gradient = operands.outputs[gamma_gradient],
      .beta_gradient = operands.outputs[beta_gradient],
      .mode = operands.modes[gamma_gradient],
      .workspace = operands.outputs[workspace]};
  return [&device, kernel] { embedding_backward(device, kernel); };
}

ValueId embedding(Graph& graph, const EmbeddingInputs& in, float epsilon, DropoutSite dropout, bool keep) {
  const bool active = dropout.active();
  return graph.add(std::make_shared<EmbeddingOp>(epsilon, dropout, keep),
                   {in.tokens, in.token_types, in.positions, in.token_order, in.word, in.type, in.position,
                    in.gamma, in.beta, active ? in.key : no_value, active ? in.row_ids : no_value})[0];
}

template class BoundOp<EmbeddingOp>;
template class BoundOp<EmbeddingBackwardOp>;

}  // namespace cloze
