#include "engine/passes/gradients.h"

namespace cloze {

std::vector<ReadyGradient> final_gradients(const Graph& graph) {
  const auto uses = uses_of(graph);
  std::vector<ReadyGradient> gradients;
  for (size_t n = 0; n < graph.nodes().size(); ++n) {
    for (const ValueId id : graph.nodes()[n].outputs) {
      const Home home = graph.value(id).home;
      if (home.memory != Memory::gradients || !uses[static_cast<size_t>(id.index)].empty()) continue;
      gradients.push_back({id, home.offset, home.offset + graph.type(id).elements(), n});
    }
  }
  return gradients;
}

}  // namespace cloze
