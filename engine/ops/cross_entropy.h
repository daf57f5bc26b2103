#pragma once

#include "engine/graph/graph.h"

namespace cloze {

// inputs: logits [rows, padded classes], labels i32 [rows, 1] (-1: none), scale [1, 1];
// outputs: loss [1, 1], loss per row [rows, 1], correct per row i32 [rows, 1]; for training also the gradient
// of the logits, computed in the same pass and possibly in their place. The loss must be a root of
// differentiation.
class CrossEntropyOp final : public BoundOp<CrossEntropyOp> {
 public:
  enum Output { loss, row_loss, row_correct, gradient };
  CrossEntropyOp(int64_t classes, bool with_gradient) : classes_(classes), with_gradient_(with_gradient) {}
  std::string_view name() const override { return "cross_entropy"; }
  std::string attributes() const override;
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  std::vector<Alias> aliases() const override;
  bool differentiate(Differentiation& differentiation, const Node& node) const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  int64_t classes_;
  bool with_gradient_;
};
extern template class BoundOp<CrossEntropyOp>;

struct CrossEntropyOutputs {
  ValueId loss, row_loss, row_correct;
};
CrossEntropyOutputs cross_entropy(Graph& graph, ValueId logits, ValueId labels, ValueId scale,
                                  int64_t classes, bool with_gradient);

}  // namespace cloze
