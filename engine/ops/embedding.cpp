#include "engine/ops/embedding.h"

#include "engine/graph/differentiate.h"
#include "kernels/embedding/embedding.h"

namespace cloze {
namespace {

// Tables are touched a row per token, not as a whole.
Cost touched_rows(const ValueType& output, int row_reads_and_writes) {
  return {0, static_cast<double>(output.bytes()) * row_reads_and_writes};
}

// Ids of one length, tables of one width; `ids` is the type of the tokens.
void require_tables(const ValueType& ids, const ValueType& word, std::initializer_list<ValueType> other_ids,
                    std::initializer_list<ValueType> other_tables) {
  require(are_integers_of(ids, ids, 1), "ids must be i32 [tokens, 1]");
  for (const ValueType& other : other_ids) require(other == ids, "ids must be i32 [tokens, 1]");
  require(is_real(word) && word.axis == Axis::fixed, "the word table must be [vocabulary, hidden]");
  for (const ValueType& table : other_tables) {
    require(is_table(table, word, word.columns), "tables differ in width or precision");
  }
}

}  // namespace

std::vector<ValueType> EmbeddingOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == input_count, "embedding takes eleven inputs");
  const ValueType &ids = inputs[tokens], &w = inputs[word];
  require_tables(ids, w, {inputs[token_types], inputs[positions], inputs[token_order]},
                 {inputs[type], inputs[position]});
  require(inputs[gamma] == sum_row_of(w) && inputs[beta] == sum_row_of(w),
          "gamma and beta must be [1, hidden]");
  std::vector<ValueType> outputs{{w.dtype, ids.rows, w.columns, ids.axis}};
  require_dropout(dropout_, inputs[key], inputs[row_ids], outputs[0]);
  if (keep_) outputs.push_back({sum_type(w.dtype), ids.rows, 2, ids.axis});
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
  const ValueType &ids = inputs[tokens], &w = inputs[word], &gradient = inputs[output_gradient];
  require_tables(ids, w, {inputs[token_types], inputs[positions], inputs[token_order]},
                 {inputs[type], inputs[position]});
  require(gradient == ValueType{w.dtype, ids.rows, w.columns, ids.axis} &&
              inputs[statistics] == ValueType{sum_type(w.dtype), ids.rows, 2, ids.axis},
          "the gradient and the statistics must have a row per token");
  require_dropout(dropout_, inputs[key], inputs[row_ids], gradient);
  const ValueType row = sum_row_of(w);
  require(inputs[gamma] == row, "gamma must be [1, hidden]");
  const auto summed = [&](Input table) {
    return ValueType{row.dtype, inputs[table].rows, inputs[table].columns};
  };
  return {gradient,
          summed(word),
          summed(type),
          summed(position),
          row,
          row,
          {row.dtype, 1, embedding_backward_workspace(gradient.rows, gradient.columns, inputs[type].rows)}};
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
      .mode = common_mode(operands, {type_gradient, position_gradient, gamma_gradient, beta_gradient}),
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
