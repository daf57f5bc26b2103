#include <algorithm>
#include <map>
#include <utility>

#include "engine/base/error.h"
#include "engine/ops/elementwise.h"
#include "engine/passes/passes.h"

// Mixed precision (Micikevicius et al. 2018; in bf16 losses need no scaling). Every node gets a precision and
// reads what it takes from there: activations and their gradients as they are stored, parameters from the
// rounded copy that the optimizer writes, what it wants in full from the masters. Where two nodes differ a
// cast stands between them. Gradients of parameters are full.
namespace cloze {
namespace {

class PrecisionPass {
 public:
  PrecisionPass(Graph& graph, Precision precision) : graph_(graph), precision_(precision) {}

  void run() {
    for (Node node : graph_.nodes()) {
      node.precision = precision_of(node);
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        if (is_real(node.inputs[i])) node.inputs[i] = as(wanted(node, i), node.inputs[i], node);
      }
      std::vector<Node> casts = retype_outputs(node);
      nodes_.push_back(std::move(node));
      nodes_.insert(nodes_.end(), casts.begin(), casts.end());
    }
    graph_.set_nodes(std::move(nodes_));
  }

 private:
  static constexpr DType full = DType::f32;

  bool is_real(ValueId id) const {
    if (!id) return false;
    const DType dtype = graph_.type(id).dtype;
    if (dtype == DType::f64) throw Error({.what = "mixed precision begins with a graph in f32"});
    return dtype == full || dtype == DType::bf16;
  }

  Precision precision_of(const Node& node) const {
    const auto low = [&](ValueId id) { return is_real(id) && graph_.type(id).dtype != full; };
    switch (node.op->precision_rule()) {
      case PrecisionRule::low:
        return precision_;
      case PrecisionRule::full:
        return Precision::full;
      case PrecisionRule::as_inputs:
        break;
    }
    return std::any_of(node.inputs.begin(), node.inputs.end(), low) ? precision_ : Precision::full;
  }

  static DType wanted(const Node& node, size_t input) {
    return node.op->full_input(static_cast<int>(input)) ? full : storage_type(node.precision, full);
  }

  // The value in that type: itself, the rounded copy of a parameter, or a cast put before `reader`, once.
  ValueId as(DType dtype, ValueId id, const Node& reader) {
    if (graph_.type(id).dtype == dtype) return id;
    if (const auto found = in_other_type_.find(id.index); found != in_other_type_.end()) return found->second;
    const Value value = graph_.value(id);
    ValueType type = value.type;
    type.dtype = dtype;
    ValueId other;
    if (value.home.memory == Memory::parameters) {
      other = graph_.add_resident(value.name, type, {Memory::compute_copy, value.home.offset});
    } else {
      other = graph_.add_value(type);
      nodes_.push_back(cast_node(id, other, reader));
    }
    return in_other_type_[id.index] = other;
  }

  static Node cast_node(ValueId from, ValueId to, const Node& beside, DType dtype) {
    return {.op = std::make_shared<CastOp>(dtype),
            .inputs = {from},
            .outputs = {to},
            .bases = {no_value},
            .scope = beside.scope,
            .phase = beside.phase};
  }
  Node cast_node(ValueId from, ValueId to, const Node& beside) const {
    return cast_node(from, to, beside, graph_.type(to).dtype);
  }

  // The outputs get the types that follow from the inputs; a gradient of a parameter that would be low is
  // cast into its place by the nodes returned.
  std::vector<Node> retype_outputs(Node& node) {
    std::vector<ValueType> inputs;
    for (const ValueId id : node.inputs) inputs.push_back(id ? graph_.type(id) : ValueType{});
    const std::vector<ValueType> types = node.op->output_types(inputs);
    std::vector<Node> casts;
    for (size_t i = 0; i < types.size(); ++i) {
      const ValueId output = node.outputs[i];
      if (graph_.value(output).home.memory == Memory::gradients && types[i].dtype != full) {
        node.outputs[i] = graph_.add_value(types[i]);
        casts.push_back(cast_node(node.outputs[i], output, node));
      } else {
        graph_.set_type(output, types[i]);
      }
    }
    return casts;
  }

  Graph& graph_;
  Precision precision_;
  std::vector<Node> nodes_;
  std::map<int32_t, ValueId> in_other_type_;  // value -> the same in the other of the two types
};

void round_products(Graph& graph) {
  std::vector<Node> nodes = graph.nodes();
  for (Node& node : nodes) {
    if (node.op->rounds_operands()) node.precision = Precision::bf16_products;
  }
  graph.set_nodes(std::move(nodes));
}

}  // namespace

void choose_precision(Graph& graph, const PassOptions& options) {
  switch (options.target.precision) {
    case Precision::full:
    case Precision::fp8_products:
      return;
    case Precision::bf16:
    case Precision::fp8:  // what is not multiplied in FP8
      return PrecisionPass(graph, Precision::bf16).run();
    case Precision::bf16_products:
      return round_products(graph);
  }
}

}  // namespace cloze
