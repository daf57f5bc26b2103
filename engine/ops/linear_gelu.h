#pragma once

#include "engine/graph/graph.h"

// Products that take GELU (the tanh form) while they are written. The pass `epilogues` puts them in place of
// what they consist of, after differentiation: they have no gradients of their own.
namespace cloze {

// inputs: x [rows, in], weight [out, in], bias [1, out];
// outputs: gelu(x · weightᵀ + bias) [rows, out]; with `keep` also what GELU is taken of [rows, out]
class LinearGeluOp final : public BoundOp<LinearGeluOp> {
 public:
  explicit LinearGeluOp(bool keep) : keep_(keep) {}
  std::string_view name() const override { return "linear_gelu"; }
  std::string attributes() const override { return keep_ ? "keep" : ""; }
  double flops_per_element() const override { return 8; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const override;
  bool row_wise() const override { return true; }
  bool rounds_operands() const override { return true; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  bool keep_;
};
extern template class BoundOp<LinearGeluOp>;

// inputs: gradient of the output [rows, out], weight [out, in], what GELU was taken of [rows, in];
// output: gradient of the latter [rows, in]
class LinearGeluGradientOp final : public BoundOp<LinearGeluGradientOp> {
 public:
  std::string_view name() const override { return "linear_gelu_gradient"; }
  double flops_per_element() const override { return 16; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const override;
  bool row_wise() const override { return true; }
  bool rounds_operands() const override { return true; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;
};
extern template class BoundOp<LinearGeluGradientOp>;

}  // namespace cloze
