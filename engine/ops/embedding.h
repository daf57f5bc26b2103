#pragma once

#include "engine/graph/graph.h"
#include "engine/ops/shape_rules.h"

namespace cloze {

// output = dropout(layer_norm(word[tokens] + type[token_types] + position[positions])).
// inputs: as enumerated (key and row_ids with dropout; token_order is for the gradient only);
// outputs: output [tokens, hidden]; for training (`keep`) also statistics [tokens, 2]
class EmbeddingOp final : public BoundOp<EmbeddingOp> {
 public:
  enum Input {
    tokens,
    token_types,
    positions,
    token_order,
    word,
    type,
    position,
    gamma,
    beta,
    key,
    row_ids,
    input_count
  };
  EmbeddingOp(float epsilon, DropoutSite dropout, bool keep)
      : epsilon_(epsilon), dropout_(dropout), keep_(keep) {}
  std::string_view name() const override { return "embedding"; }
  double flops_per_element() const override { return 11; }
  std::string attributes() const override { return describe(dropout_); }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const override;
  bool full_input(int input) const override { return input == gamma || input == beta; }
  // Not row-wise: token_order numbers the rows, so a selection of rows would need another order.
  bool differentiate(Differentiation& differentiation, const Node& node) const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  float epsilon_;
  DropoutSite dropout_;
  bool keep_;
};
extern template class BoundOp<EmbeddingOp>;

// inputs: those of EmbeddingOp without beta, then statistics and the gradient of the output; outputs as
// enumerated
class EmbeddingBackwardOp final : public BoundOp<EmbeddingBackwardOp> {
 public:
  enum Input {
    tokens,
    token_types,
    positions,
    token_order,
    word,
    type,
    position,
    gamma,
    key,
    row_ids,
    statistics,
    output_gradient,
    input_count
  };
  enum Output {
    sum_gradient,
    word_gradient,
    type_gradient,
    position_gradient,
    gamma_gradient,
    beta_gradient,
    workspace
  };
  explicit EmbeddingBackwardOp(DropoutSite dropout) : dropout_(dropout) {}
  std::string_view name() const override { return "embedding_backward"; }
  double flops_per_element() const override { return 14; }
  std::string attributes() const override { return describe(dropout_); }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const override;
  std::vector<Alias> aliases() const override { return {{sum_gradient, output_gradient}}; }
  bool full_input(int input) const override { return input == gamma || input == statistics; }
  bool accumulates(int output) const override { return output >= word_gradient && output <= beta_gradient; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  DropoutSite dropout_;
};
extern template class BoundOp<EmbeddingBackwardOp>;

struct EmbeddingInputs {
  ValueId tokens, token_types, positions, token_order, word, type, position, gamma, beta, key, row_ids;
};
ValueId embedding(Graph& graph, const EmbeddingInputs& inputs, float epsilon, DropoutSite dropout, bool keep);

}  // namespace cloze
