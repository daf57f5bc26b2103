#pragma once

#include "engine/graph/graph.h"
#include "kernels/activation/activation.h"

namespace cloze {

// inputs: x [rows, columns], bias [1, columns] or none; output: activation(x + bias)
class ActivationOp final : public BoundOp<ActivationOp> {
 public:
  explicit ActivationOp(Activation activation) : activation_(activation) {}
  Activation activation() const { return activation_; }
  std::string_view name() const override { return "activation"; }
  double flops_per_element() const override { return 8; }  // of GELU by tanh
  std::string attributes() const override { return name_of(activation_); }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  std::vector<Alias> aliases() const override { return {{0, 0}}; }
  bool row_wise() const override { return true; }
  bool differentiate(Differentiation& differentiation, const Node& node) const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  Activation activation_;
};
extern template class BoundOp<ActivationOp>;

// inputs: x, bias or none, gradient of the output;
// outputs: gradient of x; with `bias_gradient` also that of the bias [1, columns], and a workspace
class ActivationBackwardOp final : public BoundOp<ActivationBackwardOp> {
 public:
  static constexpr int input_gradient_output = 0;
  static constexpr int bias_gradient_output = 1;
  ActivationBackwardOp(Activation activation, bool bias_gradient)
      : activation_(activation), bias_gradient_(bias_gradient) {}
  Activation activation() const { return activation_; }
  bool has_bias_gradient() const { return bias_gradient_; }
  std::string_view name() const override { return "activation_backward"; }
  double flops_per_element() const override { return 16; }
  std::string attributes() const override;
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  std::vector<Alias> aliases() const override { return {{0, 2}, {0, 0}}; }
  bool accumulates(int output) const override { return output == bias_gradient_output; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  Activation activation_;
  bool bias_gradient_;
};
extern template class BoundOp<ActivationBackwardOp>;

ValueId activation(Graph& graph, ValueId x, Activation activation);

}  // namespace cloze
