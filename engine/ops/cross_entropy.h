#pragma once

#include "engine/graph/graph.h"

namespace cloze {

// inputs: logits [rows, padded classes], labels i32 [rows, 1] (-1: none), scale [1, 1], weights [rows, 1] or
// none; outputs: loss [1, 1], loss per row [rows, 1], correct per row i32 [rows, 1]; for training also the
// gradient of the logits, computed in the same pass and possibly in their place. The loss must be a root of
// differentiation.
class CrossEntropyOp final : public BoundOp<CrossEntropyOp> {
 public:
  enum Output { loss, row_loss, row_correct, gradient };
  CrossEntropyOp(int64_t classes, float smoothing, bool with_gradient)
      : classes_(classes), smoothing_(smoothing), with_gradient_(with_gradient) {}
  std::string_view name() const override { return "cross_entropy"; }
  double flops_per_element() const override { return 7; }
  std::string attributes() const override;
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  std::vector<Alias> aliases() const override;
  bool full_input(int input) const override { return input == 2 || input == 3; }
  bool differentiate(Differentiation& differentiation, const Node& node) const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  int64_t classes_;
  float smoothing_;
  bool with_gradient_;
};
extern template class BoundOp<CrossEntropyOp>;

struct CrossEntropyOutputs {
  ValueId loss, row_loss, row_correct;
};
struct CrossEntropyTarget {
  int64_t classes = 0;
  float smoothing = 0;         // of the labels, in [0, 1)
  ValueId weights = no_value;  // [rows, 1]
};
CrossEntropyOutputs cross_entropy(Graph& graph, ValueId logits, ValueId labels, ValueId scale,
                                  const CrossEntropyTarget& target, bool with_gradient);

}  // namespace cloze
