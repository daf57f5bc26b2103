#include "engine/ops/collective.h"
#include "engine/passes/passes.h"

namespace cloze {
namespace {

// A value that another one stands for: of a sum in place, or of a reduction.
std::vector<char> superseded_values(const Graph& graph) {
  std::vector<char> superseded(graph.value_count());
  const auto mark = [&](const std::vector<ValueId>& values) {
    for (const ValueId id : values) {
      if (id) superseded[static_cast<size_t>(id.index)] = 1;
    }
  };
  for (const Node& node : graph.nodes()) {
    mark(node.bases);
    const Op* op = node.op.get();
    if (dynamic_cast<const ReduceBucketOp*>(op) != nullptr ||
        dynamic_cast<const JoinReductionsOp*>(op) != nullptr)
      mark(node.inputs);
  }
  return superseded;
}

}  // namespace

void append_update(Graph& graph, const PassOptions& options) {
  if (!options.micro_batch.last) return;
  const std::vector<char> superseded = superseded_values(graph);
  std::vector<ValueId> gradients;
  for (const Node& node : graph.nodes()) {
    for (const ValueId id : node.outputs) {
      if (graph.value(id).home.memory == Memory::gradients && !superseded[static_cast<size_t>(id.index)]) {
        gradients.push_back(id);
      }
    }
  }
  UpdateAttributes update = options.update;
  update.compute_copy = options.target.precision != Precision::full;
  const UpdateResults results =
      update_parameters(graph, gradients, options.parameter_elements, graph.type(gradients.at(0)).dtype,
                        options.update_scalars, update);
  graph.mark_result("gradient_norm", results.norm);
  graph.mark_result("skipped", results.skipped);
}

}  // namespace cloze
