#include "engine/passes/passes.h"

namespace cloze {

void append_update(Graph& graph, const PassOptions& options) {
  if (!options.micro_batch.last) return;
  std::vector<char> superseded(graph.value_count());  // sums in place: only the last value of a chain counts
  for (const Node& node : graph.nodes()) {
    for (const ValueId base : node.bases) {
      if (base) superseded[static_cast<size_t>(base.index)] = 1;
    }
  }
  std::vector<ValueId> gradients;
  for (const Node& node : graph.nodes()) {
    for (const ValueId id : node.outputs) {
      if (graph.value(id).home.memory == Memory::gradients && !superseded[static_cast<size_t>(id.index)]) {
        gradients.push_back(id);
      }
    }
  }
  const UpdateResults results =
      update_parameters(graph, gradients, options.parameter_elements, graph.type(gradients.at(0)).dtype,
                        options.update_scalars, options.update);
  graph.mark_result("gradient_norm", results.norm);
  graph.mark_result("skipped", results.skipped);
}

}  // namespace cloze
