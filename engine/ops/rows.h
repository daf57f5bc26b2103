#pragma once

#include "engine/graph/graph.h"

namespace cloze {

// inputs: x [source rows, columns], index i32 [rows, 1] of distinct rows; output: the rows of x named by
// index
class GatherRowsOp final : public BoundOp<GatherRowsOp> {
 public:
  std::string_view name() const override { return "gather_rows"; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const override;
  PrecisionRule precision_rule() const override { return PrecisionRule::as_inputs; }
  bool differentiate(Differentiation& differentiation, const Node& node) const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;
};
extern template class BoundOp<GatherRowsOp>;

// inputs: x [rows, columns], index i32 [rows, 1]; output [target rows, columns]: x at the rows named by
// index, zero elsewhere
class ScatterRowsOp final : public BoundOp<ScatterRowsOp> {
 public:
  ScatterRowsOp(int64_t target_rows, Axis target_axis)
      : target_rows_(target_rows), target_axis_(target_axis) {}
  std::string_view name() const override { return "scatter_rows"; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  bool accumulates(int) const override { return true; }
  PrecisionRule precision_rule() const override { return PrecisionRule::as_inputs; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  int64_t target_rows_;
  Axis target_axis_;
};
extern template class BoundOp<ScatterRowsOp>;

ValueId gather_rows(Graph& graph, ValueId x, ValueId index);

}  // namespace cloze
