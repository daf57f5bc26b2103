#include "engine/ops/cross_entropy.h"

#include <fmt/core.h>

#include "engine/graph/differentiate.h"
#include "engine/ops/shape_rules.h"
#include "kernels/cross_entropy/cross_entropy.h"

namespace cloze {

std::string CrossEntropyOp::attributes() const {
  const std::string smoothing = smoothing_ > 0 ? fmt::format(" smoothing={}", smoothing_) : "";
  return fmt::format("classes={}{}{}", classes_, smoothing, with_gradient_ ? " gradient" : "");
}

std::vector<ValueType> CrossEntropyOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 4 && is_real(inputs[0]),
          "cross_entropy takes logits, labels, a scale and weights");
  const ValueType& logits = inputs[0];
  require(classes_ > 0 && classes_ <= logits.columns, "more classes than columns of logits");
  require(are_integers_of(inputs[1], logits, 1), "labels must be i32 [rows, 1]");
  const DType sums = sum_type(logits.dtype);
  require(inputs[2] == ValueType{sums, 1, 1}, "the scale must be [1, 1]");
  require(inputs[3].rows == 0 || inputs[3] == ValueType{sums, logits.rows, 1, logits.axis},
          "the weights must be [rows, 1]");
  std::vector<ValueType> outputs{
      {sums, 1, 1}, {sums, logits.rows, 1, logits.axis}, {DType::i32, logits.rows, 1, logits.axis}};
  if (with_gradient_) outputs.push_back(logits);
  return outputs;
}

std::vector<Alias> CrossEntropyOp::aliases() const {
  return with_gradient_ ? std::vector<Alias>{{gradient, 0}} : std::vector<Alias>{};
}

bool CrossEntropyOp::differentiate(Differentiation& differentiation, const Node& node) const {
  if (!with_gradient_ || !differentiation.is_unit(node.outputs[loss])) return false;
  differentiation.contribute(node.inputs[0], node.outputs[gradient]);
  return true;
}

template <class Device>
Launch CrossEntropyOp::bind_on(Device& device, const Operands& operands) const {
  CrossEntropy kernel{.logits = operands.inputs[0],
                      .labels = operands.inputs[1],
                      .classes = classes_,
                      .scale = operands.inputs[2],
                      .loss = operands.outputs[loss],
                      .row_loss = operands.outputs[row_loss],
                      .row_correct = operands.outputs[row_correct],
                      .smoothing = smoothing_,
                      .weights = operands.inputs[3]};
  if (with_gradient_) kernel.gradient = operands.outputs[gradient];
  return [&device, kernel] { cross_entropy(device, kernel); };
}

CrossEntropyOutputs cross_entropy(Graph& graph, ValueId logits, ValueId labels, ValueId scale,
                                  const CrossEntropyTarget& target, bool with_gradient) {
  const auto outputs =
      graph.add(std::make_shared<CrossEntropyOp>(target.classes, target.smoothing, with_gradient),
                {logits, labels, scale, target.weights});
  return {outputs[CrossEntropyOp::loss], outputs[CrossEntropyOp::row_loss],
          outputs[CrossEntropyOp::row_correct]};
}

template class BoundOp<CrossEntropyOp>;

}  // namespace cloze
