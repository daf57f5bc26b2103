#pragma once

#include "engine/graph/graph.h"

namespace cloze {

// inputs: x [rows, 1], targets [rows, 1], scale [1, 1]; outputs: loss [1, 1], loss per row [rows, 1]; for
// training also the gradient of x. The loss must be a root of differentiation.
class SquaredErrorOp final : public BoundOp<SquaredErrorOp> {
 public:
  enum Output { loss, row_loss, gradient };
  explicit SquaredErrorOp(bool with_gradient) : with_gradient_(with_gradient) {}
  std::string_view name() const override { return "squared_error"; }
  double flops_per_element() const override { return 4; }
  std::string attributes() const override { return with_gradient_ ? "gradient" : ""; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  std::vector<Alias> aliases() const override;
  PrecisionRule precision_rule() const override { return PrecisionRule::full; }
  bool differentiate(Differentiation& differentiation, const Node& node) const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  bool with_gradient_;
};
extern template class BoundOp<SquaredErrorOp>;

struct SquaredErrorOutputs {
  ValueId loss, row_loss;
};
SquaredErrorOutputs squared_error(Graph& graph, ValueId x, ValueId targets, ValueId scale,
                                  bool with_gradient);

}  // namespace cloze
