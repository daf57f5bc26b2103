#include <algorithm>

#include "engine/passes/passes.h"

namespace cloze {

// A node stays when the host reads an output, when it writes memory that outlives the step, or when such a
// node needs it.
void drop_unused(Graph& graph, const PassOptions&) {
  std::vector<char> needed(graph.value_count());
  for (const Graph::Result& result : graph.results()) needed[static_cast<size_t>(result.value.index)] = 1;
  std::vector<Node> kept;
  for (auto node = graph.nodes().rbegin(); node != graph.nodes().rend(); ++node) {
    const bool alive = std::any_of(node->outputs.begin(), node->outputs.end(), [&](ValueId id) {
      return needed[static_cast<size_t>(id.index)] || graph.value(id).home.memory != Memory::arena;
    });
    if (!alive) continue;
    for (const auto& list : {node->inputs, node->bases}) {
      for (const ValueId id : list) {
        if (id) needed[static_cast<size_t>(id.index)] = 1;
      }
    }
    kept.push_back(*node);
  }
  std::reverse(kept.begin(), kept.end());
  graph.set_nodes(std::move(kept));
}

}  // namespace cloze
