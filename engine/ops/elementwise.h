#pragma once

#include "engine/graph/graph.h"
#include "engine/ops/shape_rules.h"

namespace cloze {

// inputs: left, right of one type; output: their sum
class AddOp final : public BoundOp<AddOp> {
 public:
  std::string_view name() const override { return "add"; }
  double flops_per_element() const override { return 1; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  std::vector<Alias> aliases() const override { return {{0, 0}, {0, 1}}; }
  bool row_wise() const override { return true; }
  PrecisionRule precision_rule() const override { return PrecisionRule::as_inputs; }
  bool differentiate(Differentiation& differentiation, const Node& node) const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;
};
extern template class BoundOp<AddOp>;

// input: x [rows, columns]; output: x in another element type
class CastOp final : public BoundOp<CastOp> {
 public:
  explicit CastOp(DType to) : to_(to) {}
  std::string_view name() const override { return "cast"; }
  std::string attributes() const override { return name_of(to_); }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  bool row_wise() const override { return true; }
  PrecisionRule precision_rule() const override { return PrecisionRule::as_inputs; }
  bool differentiate(Differentiation& differentiation, const Node& node) const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  DType to_;
};
extern template class BoundOp<CastOp>;

// input: x [rows, columns]; outputs: column sums [1, columns], workspace
class ColumnSumOp final : public BoundOp<ColumnSumOp> {
 public:
  std::string_view name() const override { return "column_sum"; }
  double flops_per_element() const override { return 1; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  PrecisionRule precision_rule() const override { return PrecisionRule::as_inputs; }
  bool accumulates(int output) const override { return output == 0; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;
};
extern template class BoundOp<ColumnSumOp>;

// inputs: x [rows, columns], dropout key, row ids; output: dropout(x)
class DropoutOp final : public BoundOp<DropoutOp> {
 public:
  explicit DropoutOp(DropoutSite dropout) : dropout_(dropout) {}
  std::string_view name() const override { return "dropout"; }
  double flops_per_element() const override { return 1; }
  std::string attributes() const override { return describe(dropout_); }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  std::vector<Alias> aliases() const override { return {{0, 0}}; }
  bool row_wise() const override { return true; }
  PrecisionRule precision_rule() const override { return PrecisionRule::as_inputs; }
  bool differentiate(Differentiation& differentiation, const Node& node) const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  DropoutSite dropout_;
};
extern template class BoundOp<DropoutOp>;

ValueId add(Graph& graph, ValueId left, ValueId right);
ValueId dropout(Graph& graph, ValueId x, DropoutSite site, ValueId key, ValueId row_ids);

}  // namespace cloze
