#pragma once

#include "engine/graph/graph.h"

namespace cloze {

// inputs: x [rows, in], weight [out, in], bias [1, out] or none; output: x · weightᵀ + bias [rows, out]
class LinearOp final : public BoundOp<LinearOp> {
 public:
  std::string_view name() const override { return "linear"; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const override;
  bool row_wise() const override { return true; }
  bool differentiate(Differentiation& differentiation, const Node& node) const override;
  bool rounds_operands() const override { return true; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;
};
extern template class BoundOp<LinearOp>;

// inputs: gradient of the output [rows, out], weight [out, in]; output: gradient of x [rows, in]
class LinearInputGradientOp final : public BoundOp<LinearInputGradientOp> {
 public:
  std::string_view name() const override { return "linear_input_gradient"; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const override;
  bool accumulates(int) const override { return true; }
  bool row_wise() const override { return true; }
  bool rounds_operands() const override { return true; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;
};
extern template class BoundOp<LinearInputGradientOp>;

// inputs: gradient of the output [rows, out], x [rows, in]; outputs: gradient of weight [out, in]; with
// `bias_gradient` also that of the bias [1, out], and a workspace
class LinearWeightGradientOp final : public BoundOp<LinearWeightGradientOp> {
 public:
  static constexpr int bias_gradient_output = 1;
  explicit LinearWeightGradientOp(bool bias_gradient = false) : bias_gradient_(bias_gradient) {}
  bool has_bias_gradient() const { return bias_gradient_; }
  std::string attributes() const override { return bias_gradient_ ? "bias_gradient" : ""; }
  std::string_view name() const override { return "linear_weight_gradient"; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const override;
  bool accumulates(int output) const override { return output <= bias_gradient_output; }
  bool rounds_operands() const override { return true; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  bool bias_gradient_;
};
extern template class BoundOp<LinearWeightGradientOp>;

ValueId linear(Graph& graph, ValueId x, ValueId weight, ValueId bias = no_value);

}  // namespace cloze
