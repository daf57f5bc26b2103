#include "engine/ops/segment_cross_entropy.h"

#include "engine/graph/differentiate.h"
#include "engine/ops/shape_rules.h"
#include "kernels/segment_cross_entropy/segment_cross_entropy.h"

namespace cloze {

std::vector<ValueType> SegmentCrossEntropyOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 4 && is_real(inputs[0]),
          "segment_cross_entropy takes logits, offsets, labels and a scale");
  const ValueType &logits = inputs[0], &offsets = inputs[1], &labels = inputs[2];
  require(labels.dtype == DType::i32 && labels.columns == logits.columns,
          "labels must be i32 [segments, columns of the logits]");
  require(offsets == ValueType{DType::i32, 1, labels.rows + 1, labels.axis},
          "offsets must be i32 [1, segments + 1] of the labels' axis");
  const DType sums = sum_type(logits.dtype);
  require(inputs[3] == ValueType{sums, 1, 1}, "the scale must be [1, 1]");
  std::vector<ValueType> outputs{{sums, 1, 1},
                                 {sums, labels.rows, labels.columns, labels.axis},
                                 {DType::i32, labels.rows, labels.columns, labels.axis}};
  if (with_gradient_) outputs.push_back(logits);
  return outputs;
}

std::vector<Alias> SegmentCrossEntropyOp::aliases() const {
  return with_gradient_ ? std::vector<Alias>{{gradient, 0}} : std::vector<Alias>{};
}

bool SegmentCrossEntropyOp::differentiate(Differentiation& differentiation, const Node& node) const {
  if (!with_gradient_ || !differentiation.is_unit(node.outputs[loss])) return false;
  differentiation.contribute(node.inputs[0], node.outputs[gradient]);
  return true;
}

template <class Device>
Launch SegmentCrossEntropyOp::bind_on(Device& device, const Operands& operands) const {
  SegmentCrossEntropy kernel{.logits = operands.inputs[0],
                             .offsets = operands.inputs[1],
                             .labels = operands.inputs[2],
                             .scale = operands.inputs[3],
                             .loss = operands.outputs[loss],
                             .row_loss = operands.outputs[row_loss],
                             .row_correct = operands.outputs[row_correct]};
  if (with_gradient_) kernel.gradient = operands.outputs[gradient];
  return [&device, kernel] { segment_cross_entropy(device, kernel); };
}

SegmentCrossEntropyOutputs segment_cross_entropy(Graph& graph, ValueId logits, ValueId offsets,
                                                 ValueId labels, ValueId scale, bool with_gradient) {
  const auto outputs =
      graph.add(std::make_shared<SegmentCrossEntropyOp>(with_gradient), {logits, offsets, labels, scale});
  return {outputs[SegmentCrossEntropyOp::loss], outputs[SegmentCrossEntropyOp::row_loss],
          outputs[SegmentCrossEntropyOp::row_correct]};
}

template class BoundOp<SegmentCrossEntropyOp>;

}  // namespace cloze
