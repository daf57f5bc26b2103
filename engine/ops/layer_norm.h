#pragma once

#include "engine/graph/graph.h"
#include "engine/ops/shape_rules.h"

namespace cloze {

// The layer-norm group: output = layer_norm(dropout(x + bias) + residual).
// inputs: x [rows, hidden], bias or none, residual or none, gamma, beta [1, hidden], dropout key and row ids
// (with dropout); outputs: output; for training (`keep`) also the sum [rows, hidden] and statistics [rows, 2]
class LayerNormOp final : public BoundOp<LayerNormOp> {
 public:
  enum Input { x, bias, residual, gamma, beta, key, row_ids, input_count };
  enum Output { normalized, sum, statistics };
  LayerNormOp(float epsilon, DropoutSite dropout, bool keep)
      : epsilon_(epsilon), dropout_(dropout), keep_(keep) {}
  // The op that makes the same output of the sum (as x, with gamma and beta), and keeps nothing.
  std::shared_ptr<const Op> of_sum() const {
    return std::make_shared<LayerNormOp>(epsilon_, DropoutSite{}, false);
  }
  std::string_view name() const override { return "layer_norm"; }
  double flops_per_element() const override { return 11; }
  std::string attributes() const override { return describe(dropout_); }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  std::vector<Alias> aliases() const override;
  bool row_wise() const override { return true; }
  bool full_input(int input) const override { return input == gamma || input == beta; }
  bool differentiate(Differentiation& differentiation, const Node& node) const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  float epsilon_;
  DropoutSite dropout_;
  bool keep_;
};
extern template class BoundOp<LayerNormOp>;

// inputs: gradient of the output, sum, statistics, gamma, dropout key and row ids (with dropout);
// outputs: gradient of the sum (and residual), of gamma, of beta, workspace; then, with dropout, that of x;
// then, with `bias_gradient`, that of the bias
class LayerNormBackwardOp final : public BoundOp<LayerNormBackwardOp> {
 public:
  enum Output { sum_gradient, gamma_gradient, beta_gradient, workspace, first_optional };
  LayerNormBackwardOp(DropoutSite dropout, bool bias_gradient)
      : dropout_(dropout), bias_gradient_(bias_gradient) {}
  const DropoutSite& dropout() const { return dropout_; }
  bool has_bias_gradient() const { return bias_gradient_; }
  int input_gradient_output() const { return dropout_.active() ? first_optional : sum_gradient; }
  int bias_gradient_output() const { return first_optional + (dropout_.active() ? 1 : 0); }
  std::string_view name() const override { return "layer_norm_backward"; }
  double flops_per_element() const override { return 14; }
  std::string attributes() const override;
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  std::vector<Alias> aliases() const override { return {{sum_gradient, 0}}; }
  bool full_input(int input) const override { return input == 2 || input == 3; }
  bool accumulates(int output) const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  DropoutSite dropout_;
  bool bias_gradient_;
};
extern template class BoundOp<LayerNormBackwardOp>;

struct LayerNormInputs {
  ValueId x, residual, gamma, beta, key, row_ids;
};
ValueId layer_norm(Graph& graph, const LayerNormInputs& inputs, float epsilon, DropoutSite dropout,
                   bool keep);

}  // namespace cloze
