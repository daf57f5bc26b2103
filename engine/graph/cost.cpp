#include "engine/graph/cost.h"

#include <algorithm>

namespace cloze {
namespace {

ValueType live_type(ValueType type, const LiveCounts& counts) {
  if (type.axis != Axis::fixed) type.rows = counts.rows[static_cast<size_t>(type.axis)];
  return type;
}

// `typed(type)` is the type to count with.
template <typename Typed>
std::vector<ValueType> input_types(const Graph& graph, const Node& node, const Typed& typed) {
  std::vector<ValueType> types;
  for (const ValueId id : node.inputs) types.push_back(id ? typed(graph.type(id)) : ValueType{});
  return types;
}

template <typename Typed>
Cost cost_of(const Graph& graph, const Node& node, const std::vector<ValueType>& inputs, const Typed& typed) {
  std::vector<ValueType> outputs;
  for (const ValueId id : node.outputs) outputs.push_back(typed(graph.type(id)));
  Cost cost = node.op->cost(inputs, outputs);
  const int64_t first_input = inputs.empty() ? 0 : inputs[0].elements();
  const int64_t first_output = outputs.empty() ? 0 : outputs[0].elements();
  cost.scalar_flops = node.op->flops_per_element() * static_cast<double>(std::max(first_input, first_output));
  return cost;
}

ValueType as_it_is(const ValueType& type) {
  return type;
}

}  // namespace

Cost capacity_cost(const Graph& graph, const Node& node) {
  return cost_of(graph, node, input_types(graph, node, as_it_is), as_it_is);
}

bool pairs_rows(const Graph& graph, const Node& node) {
  return node.op->flops_per_pair(input_types(graph, node, as_it_is)) > 0;
}

Cost live_cost(const Graph& graph, const Node& node, const LiveCounts& counts) {
  const auto live = [&](const ValueType& type) { return live_type(type, counts); };
  const std::vector<ValueType> inputs = input_types(graph, node, live);
  Cost cost = cost_of(graph, node, inputs, live);
  const double flops_per_pair = node.op->flops_per_pair(inputs);
  if (flops_per_pair > 0)
    cost.flops = flops_per_pair * static_cast<double>(inputs[0].rows) * counts.keys_per_query;
  return cost;
}

}  // namespace cloze
