#include "engine/graph/graph.h"

#include <fmt/core.h>

#include <utility>

#include "engine/base/error.h"

namespace cloze {

const char* name_of(Phase phase) {
  switch (phase) {
    case Phase::forward:
      return "forward";
    case Phase::backward:
      return "backward";
    case Phase::update:
      return "update";
  }
  return "?";
}

const char* name_of(Axis axis) {
  switch (axis) {
    case Axis::fixed:
      return "fixed";
    case Axis::tokens:
      return "tokens";
    case Axis::sequences:
      return "sequences";
    case Axis::predictions:
      return "predictions";
    case Axis::needed:
      return "needed";
  }
  return "?";
}

const char* name_of(Memory memory) {
  switch (memory) {
    case Memory::arena:
      return "arena";
    case Memory::inputs:
      return "inputs";
    case Memory::parameters:
      return "parameters";
    case Memory::gradients:
      return "gradients";
    case Memory::first_moment:
      return "first_moment";
    case Memory::second_moment:
      return "second_moment";
    case Memory::compute_copy:
      return "compute_copy";
    case Memory::state:
      return "state";
  }
  return "?";
}

std::string to_string(const ValueType& type) {
  const std::string rows = type.axis == Axis::fixed ? std::to_string(type.rows)
                                                    : fmt::format("{}:{}", name_of(type.axis), type.rows);
  return fmt::format("{}[{}, {}]", name_of(type.dtype), rows, type.columns);
}

Cost Op::cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const {
  Cost cost;
  for (const ValueType& type : inputs) cost.bytes += static_cast<double>(type.bytes());
  for (const ValueType& type : outputs) cost.bytes += static_cast<double>(type.bytes());
  return cost;
}

ValueId Graph::add_value(const ValueType& type) {
  values_.push_back({.type = type});
  return {static_cast<int32_t>(values_.size() - 1)};
}

ValueId Graph::add_input(std::string name, const ValueType& type) {
  const ValueId id = add_value(type);
  values_.back().name = std::move(name);
  values_.back().home.memory = Memory::inputs;
  inputs_.push_back(id);
  return id;
}

ValueId Graph::add_resident(std::string name, const ValueType& type, Home home) {
  const ValueId id = add_value(type);
  values_.back().name = std::move(name);
  values_.back().home = home;
  return id;
}

std::vector<ValueId> Graph::add(std::shared_ptr<const Op> op, std::vector<ValueId> inputs) {
  std::vector<ValueType> input_types;
  for (const ValueId id : inputs) input_types.push_back(id ? type(id) : ValueType{});
  std::vector<ValueType> output_types;
  try {
    output_types = op->output_types(input_types);
  } catch (const Error& error) {
    std::string shapes;
    for (const ValueType& t : input_types) shapes += (shapes.empty() ? "" : ", ") + to_string(t);
    throw Error({.what = fmt::format("the inputs of {} do not fit: {}", op->name(), error.problem().what),
                 .where = scope_,
                 .why = "inputs are " + shapes});
  }
  Node node{.op = std::move(op), .inputs = std::move(inputs), .scope = scope_, .phase = phase_};
  for (const ValueType& output_type : output_types) {
    node.outputs.push_back(add_value(output_type));
    values_.back().producer = static_cast<int32_t>(nodes_.size());
  }
  node.bases.resize(node.outputs.size());
  nodes_.push_back(node);
  return node.outputs;
}

void Graph::mark_result(std::string name, ValueId value) {
  results_.push_back({std::move(name), value});
}

ValueId Graph::result(std::string_view name) const {
  for (const Result& result : results_) {
    if (result.name == name) return result.value;
  }
  throw Error({.what = fmt::format("the graph has no result `{}`", name)});
}

ValueId Graph::find_input(std::string_view name) const {
  for (const ValueId id : inputs_) {
    if (value(id).name == name) return id;
  }
  return no_value;
}

void Graph::set_nodes(std::vector<Node> nodes) {
  for (Value& value : values_) value.producer = -1;
  nodes_ = std::move(nodes);
  for (size_t index = 0; index < nodes_.size(); ++index) {
    for (const ValueId id : nodes_[index].outputs) {
      if (id) values_[static_cast<size_t>(id.index)].producer = static_cast<int32_t>(index);
    }
  }
}

std::vector<std::vector<int32_t>> uses_of(const Graph& graph) {
  std::vector<std::vector<int32_t>> uses(graph.value_count());
  for (size_t index = 0; index < graph.nodes().size(); ++index) {
    const Node& node = graph.nodes()[index];
    for (const auto& list : {node.inputs, node.bases}) {
      for (const ValueId id : list) {
        if (id) uses[static_cast<size_t>(id.index)].push_back(static_cast<int32_t>(index));
      }
    }
  }
  return uses;
}

}  // namespace cloze
