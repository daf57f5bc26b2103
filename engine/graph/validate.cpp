#include <fmt/core.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/graph/graph.h"

namespace cloze {
namespace {

class Validator {
 public:
  explicit Validator(const Graph& graph)
      : graph_(graph), available_(graph.value_count()), overwritten_(graph.value_count()) {}

  void run() {
    std::vector<char> produced(graph_.value_count());
    for (const Node& node : graph_.nodes()) {
      for (const ValueId id : node.outputs) produced[index(id)] = 1;
    }
    for (size_t i = 0; i < available_.size(); ++i) available_[i] = !produced[i];
    for (const Node& node : graph_.nodes()) check(node);
    for (const Graph::Result& result : graph_.results()) {
      if (!available_[index(result.value)])
        fail(nullptr, fmt::format("result `{}` is never produced", result.name));
      if (overwritten_[index(result.value)])
        fail(nullptr, fmt::format("result `{}` is overwritten before it is read", result.name));
    }
  }

 private:
  static size_t index(ValueId id) { return static_cast<size_t>(id.index); }

  [[noreturn]] void fail(const Node* node, const std::string& why) const {
    throw Error({.what = "the graph is inconsistent (an internal error)",
                 .where = node != nullptr ? fmt::format("{} in {}", node->op->name(), node->scope) : "",
                 .why = why});
  }

  void check(const Node& node) {
    for (const auto& list : {node.inputs, node.bases}) {
      for (const ValueId id : list) {
        if (!id) continue;
        if (!available_[index(id)]) fail(&node, fmt::format("%{} is used before it is produced", id.index));
        if (overwritten_[index(id)])
          fail(&node, fmt::format("%{} is read after it was overwritten", id.index));
      }
    }
    check_types(node);
    check_memory(node);
    for (const ValueId id : node.outputs) {
      if (available_[index(id)]) fail(&node, fmt::format("%{} is produced twice", id.index));
      available_[index(id)] = 1;
    }
  }

  void check_types(const Node& node) const {
    std::vector<ValueType> inputs;
    for (const ValueId id : node.inputs) inputs.push_back(id ? graph_.type(id) : ValueType{});
    const std::vector<ValueType> outputs = node.op->output_types(inputs);
    if (outputs.size() != node.outputs.size() || node.bases.size() != outputs.size()) {
      fail(&node, "wrong number of outputs");
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!(outputs[i] == graph_.type(node.outputs[i]))) {
        fail(&node, fmt::format("output {} is {}, the shape rule says {}", i,
                                to_string(graph_.type(node.outputs[i])), to_string(outputs[i])));
      }
    }
  }

  // Outputs that take over the memory of a base or of a required alias.
  void check_memory(const Node& node) {
    for (size_t i = 0; i < node.bases.size(); ++i) {
      const ValueId base = node.bases[i];
      if (!base) continue;
      if (!node.op->accumulates(static_cast<int>(i)))
        fail(&node, fmt::format("output {} cannot accumulate", i));
      if (std::find(node.inputs.begin(), node.inputs.end(), base) != node.inputs.end())
        fail(&node, fmt::format("%{} is read while it is added to", base.index));
      if (!(graph_.type(base) == graph_.type(node.outputs[i])))
        fail(&node, "a base has another type than its output");
      take_over(node, base, node.outputs[i]);
    }
    for (const Alias& alias : node.op->aliases()) {
      if (!alias.required) continue;
      take_over(node, node.inputs[static_cast<size_t>(alias.input)],
                node.outputs[static_cast<size_t>(alias.output)]);
    }
  }

  void take_over(const Node& node, ValueId from, ValueId to) {
    if (!(graph_.value(from).home == graph_.value(to).home)) fail(&node, "an alias crosses memories");
    overwritten_[index(from)] = 1;
  }

  const Graph& graph_;
  std::vector<char> available_, overwritten_;
};

}  // namespace

void validate(const Graph& graph) {
  Validator(graph).run();
}

}  // namespace cloze
