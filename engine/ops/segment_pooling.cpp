#include "engine/ops/segment_pooling.h"

#include "engine/graph/differentiate.h"
#include "engine/ops/shape_rules.h"

namespace cloze {
namespace {

const char* describe(SegmentPooling pooling) {
  return pooling == SegmentPooling::mean ? "mean" : "maximum";
}

}  // namespace

std::string SegmentPoolOp::attributes() const {
  return describe(pooling_);
}

std::vector<ValueType> SegmentPoolOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 2 && is_real(inputs[0]), "segment_pool takes x and offsets");
  const ValueType& offsets = inputs[1];
  require(offsets.dtype == DType::i32 && offsets.rows == 1 && offsets.columns > 1,
          "the offsets must be i32 [1, segments + 1]");
  const int64_t segments = offsets.columns - 1, columns = inputs[0].columns;
  std::vector<ValueType> outputs{{inputs[0].dtype, segments, columns, offsets.axis}};
  if (pooling_ == SegmentPooling::maximum) outputs.push_back({DType::i32, segments, columns, offsets.axis});
  return outputs;
}

bool SegmentPoolOp::differentiate(Differentiation& differentiation, const Node& node) const {
  const ValueType& x = differentiation.type(node.inputs[0]);
  std::vector<ValueId> inputs{differentiation.gradient(node.outputs[pooled]), node.inputs[1]};
  if (pooling_ == SegmentPooling::maximum) inputs.push_back(node.outputs[places]);
  const auto op = std::make_shared<SegmentPoolBackwardOp>(pooling_, x.rows, x.axis);
  differentiation.contribute(node.inputs[0], differentiation.add(op, inputs)[0]);
  return true;
}

template <class Device>
Launch SegmentPoolOp::bind_on(Device& device, const Operands& operands) const {
  SegmentPoolForward kernel{.pooling = pooling_,
                            .input = operands.inputs[0],
                            .offsets = operands.inputs[1],
                            .output = operands.outputs[pooled]};
  if (pooling_ == SegmentPooling::maximum) kernel.places = operands.outputs[places];
  return [&device, kernel] { segment_pool_forward(device, kernel); };
}

std::string SegmentPoolBackwardOp::attributes() const {
  return describe(pooling_);
}

std::vector<ValueType> SegmentPoolBackwardOp::output_types(std::span<const ValueType> inputs) const {
  const size_t wanted = pooling_ == SegmentPooling::maximum ? 3 : 2;
  require(inputs.size() == wanted && is_real(inputs[0]),
          "segment_pool_backward takes a gradient, offsets and, of the maximum, its places");
  require(inputs[1] == ValueType{DType::i32, 1, inputs[0].rows + 1, inputs[0].axis},
          "the offsets must be i32 [1, segments + 1] of the gradient's axis");
  require(wanted == 2 || are_integers_of(inputs[2], inputs[0], inputs[0].columns),
          "the places must be i32 [segments, columns]");
  return {{inputs[0].dtype, rows_, inputs[0].columns, axis_}};
}

template <class Device>
Launch SegmentPoolBackwardOp::bind_on(Device& device, const Operands& operands) const {
  SegmentPoolBackward kernel{.pooling = pooling_,
                             .output_gradient = operands.inputs[0],
                             .offsets = operands.inputs[1],
                             .input_gradient = operands.outputs[0],
                             .mode = operands.modes[0]};
  if (pooling_ == SegmentPooling::maximum) kernel.places = operands.inputs[2];
  return [&device, kernel] { segment_pool_backward(device, kernel); };
}

ValueId segment_pool(Graph& graph, ValueId x, ValueId offsets, SegmentPooling pooling) {
  return graph.add(std::make_shared<SegmentPoolOp>(pooling), {x, offsets})[SegmentPoolOp::pooled];
}

template class BoundOp<SegmentPoolOp>;
template class BoundOp<SegmentPoolBackwardOp>;

}  // namespace cloze
