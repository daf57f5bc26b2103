#pragma once

#include "engine/graph/graph.h"
#include "kernels/segment_pooling/segment_pooling.h"

namespace cloze {

// inputs: x [rows, columns], offsets i32 [1, segments + 1]; outputs: the mean or the maximum of each
// segment's rows [segments, columns], of the maximum also where it stands, i32 [segments, columns]
class SegmentPoolOp final : public BoundOp<SegmentPoolOp> {
 public:
  enum Output { pooled, places };
  explicit SegmentPoolOp(SegmentPooling pooling) : pooling_(pooling) {}
  std::string_view name() const override { return "segment_pool"; }
  double flops_per_element() const override { return 1; }
  std::string attributes() const override;
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  bool differentiate(Differentiation& differentiation, const Node& node) const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  SegmentPooling pooling_;
};
extern template class BoundOp<SegmentPoolOp>;

// inputs: gradient [segments, columns], offsets, of the maximum its places; output [rows, columns]: the
// gradient of x
class SegmentPoolBackwardOp final : public BoundOp<SegmentPoolBackwardOp> {
 public:
  SegmentPoolBackwardOp(SegmentPooling pooling, int64_t rows, Axis axis)
      : pooling_(pooling), rows_(rows), axis_(axis) {}
  std::string_view name() const override { return "segment_pool_backward"; }
  double flops_per_element() const override { return 1; }
  std::string attributes() const override;
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  bool accumulates(int) const override { return true; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  SegmentPooling pooling_;
  int64_t rows_;
  Axis axis_;
};
extern template class BoundOp<SegmentPoolBackwardOp>;

ValueId segment_pool(Graph& graph, ValueId x, ValueId offsets, SegmentPooling pooling);

}  // namespace cloze
