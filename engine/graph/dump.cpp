#include <fmt/core.h>

#include "engine/graph/graph.h"

namespace cloze {
namespace {

std::string label(const Graph& graph, ValueId id) {
  if (!id) return "-";
  const Value& value = graph.value(id);
  return value.name.empty() ? fmt::format("%{}", id.index) : fmt::format("%{}({})", id.index, value.name);
}

std::string describe_output(const Graph& graph, const Node& node, size_t index) {
  const ValueId id = node.outputs[index];
  std::string text = fmt::format("%{}: {}", id.index, to_string(graph.type(id)));
  const Home& home = graph.value(id).home;
  if (home.memory != Memory::arena) text += fmt::format(" @{}+{}", cloze::name_of(home.memory), home.offset);
  if (node.bases[index]) text += " += " + label(graph, node.bases[index]);
  return text;
}

}  // namespace

std::string to_text(const Graph& graph) {
  std::string text;
  for (const ValueId id : graph.inputs()) {
    text += fmt::format("input {}: {}\n", label(graph, id), to_string(graph.type(id)));
  }
  for (const Node& node : graph.nodes()) {
    std::string outputs, inputs;
    for (size_t i = 0; i < node.outputs.size(); ++i)
      outputs += (i ? ", " : "") + describe_output(graph, node, i);
    for (size_t i = 0; i < node.inputs.size(); ++i) inputs += (i ? ", " : "") + label(graph, node.inputs[i]);
    std::string attributes = node.op->attributes();
    if (node.precision != Precision::full)
      attributes += (attributes.empty() ? "" : " ") + std::string(name_of(node.precision));
    text += fmt::format("{} = {}({}){}  # {} {}\n", outputs, node.op->name(), inputs,
                        attributes.empty() ? "" : " {" + attributes + "}", name_of(node.phase), node.scope);
  }
  for (const Graph::Result& result : graph.results()) {
    text += fmt::format("result {} = {}\n", result.name, label(graph, result.value));
  }
  return text;
}

std::string to_dot(const Graph& graph) {
  constexpr const char* colours[] = {"lightblue", "mistyrose", "lightgoldenrod"};
  std::string text = "digraph step {\n  rankdir=TB; node [shape=box, style=filled, fontname=Helvetica];\n";
  for (const ValueId id : graph.inputs()) {
    text += fmt::format("  v{} [label=\"{}\\n{}\", shape=ellipse, fillcolor=white];\n", id.index,
                        graph.value(id).name, to_string(graph.type(id)));
  }
  for (size_t index = 0; index < graph.nodes().size(); ++index) {
    const Node& node = graph.nodes()[index];
    text += fmt::format("  n{} [label=\"{}\\n{}\", fillcolor={}];\n", index, node.op->name(), node.scope,
                        colours[static_cast<size_t>(node.phase)]);
    for (const auto& list : {node.inputs, node.bases}) {
      for (const ValueId id : list) {
        if (!id) continue;
        const Value& value = graph.value(id);
        if (value.producer >= 0) {
          text += fmt::format("  n{} -> n{} [label=\"{}\"];\n", value.producer, index, to_string(value.type));
        } else if (value.home.memory == Memory::inputs) {
          text += fmt::format("  v{} -> n{};\n", id.index, index);
        }
      }
    }
  }
  return text + "}\n";
}

}  // namespace cloze
