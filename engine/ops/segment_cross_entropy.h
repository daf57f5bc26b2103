#pragma once

#include "engine/graph/graph.h"

namespace cloze {

// inputs: logits [rows, columns], offsets i32 [1, segments + 1], labels i32 [segments, columns] (rows counted
// from the segment's first; -1: none), scale [1, 1]; outputs: loss [1, 1], loss per segment [segments,
// columns], correct per segment i32 [segments, columns]; for training also the gradient of the logits. The
// loss must be a root of differentiation.
class SegmentCrossEntropyOp final : public BoundOp<SegmentCrossEntropyOp> {
 public:
  enum Output { loss, row_loss, row_correct, gradient };
  explicit SegmentCrossEntropyOp(bool with_gradient) : with_gradient_(with_gradient) {}
  std::string_view name() const override { return "segment_cross_entropy"; }
  double flops_per_element() const override { return 7; }
  std::string attributes() const override { return with_gradient_ ? "gradient" : ""; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  std::vector<Alias> aliases() const override;
  bool full_input(int input) const override { return input == 3; }
  bool differentiate(Differentiation& differentiation, const Node& node) const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  bool with_gradient_;
};
extern template class BoundOp<SegmentCrossEntropyOp>;

struct SegmentCrossEntropyOutputs {
  ValueId loss, row_loss, row_correct;
};
SegmentCrossEntropyOutputs segment_cross_entropy(Graph& graph, ValueId logits, ValueId offsets,
                                                 ValueId labels, ValueId scale, bool with_gradient);

}  // namespace cloze
