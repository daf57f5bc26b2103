#include "engine/ops/elementwise.h"
#include "engine/passes/passes.h"

// In every micro-batch of a step but the first, each gradient is added to what the ones before left in the
// gradient buffer.
namespace cloze {

void continue_micro_batch(Graph& graph, const PassOptions& options) {
  if (options.micro_batch.first) return;
  std::vector<Node> nodes;
  for (Node node : graph.nodes()) {
    std::vector<Node> additions;  // for ops that cannot accumulate
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const ValueId output = node.outputs[i];
      const Home home = graph.value(output).home;
      if (home.memory != Memory::gradients || node.bases[i]) continue;
      const ValueType type = graph.type(output);
      const ValueId before = graph.add_resident("gradient so far", type, home);
      if (node.op->accumulates(static_cast<int>(i))) {
        node.bases[i] = before;
        continue;
      }
      const ValueId here = graph.add_value(type);
      node.outputs[i] = here;
      additions.push_back({.op = std::make_shared<AddOp>(),
                           .inputs = {before, here},
                           .outputs = {output},
                           .bases = {no_value},
                           .scope = node.scope,
                           .phase = node.phase});
    }
    nodes.push_back(std::move(node));
    nodes.insert(nodes.end(), additions.begin(), additions.end());
  }
  graph.set_nodes(std::move(nodes));
}

}  // namespace cloze
