#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "engine/graph/graph.h"

namespace cloze {

// What passes share that look for nodes beside each other and change them in place. Nodes keep their
// positions until finish(); one whose op was taken away is dropped then.
class NodeRewriter {
 protected:
  explicit NodeRewriter(Graph& graph) : graph_(graph), nodes_(graph.nodes()), uses_(uses_of(graph)) {}

  template <class OpType>
  static const OpType* as(const Node& node) {
    return dynamic_cast<const OpType*>(node.op.get());
  }
  // Of the graph as it was.
  const std::vector<int32_t>& users(ValueId id) const { return uses_[static_cast<size_t>(id.index)]; }
  Node& node(int32_t position) { return nodes_[static_cast<size_t>(position)]; }

  void finish() {
    std::erase_if(nodes_, [](const Node& node) { return node.op == nullptr; });
    graph_.set_nodes(std::move(nodes_));
  }

  Graph& graph_;
  std::vector<Node> nodes_;

 private:
  std::vector<std::vector<int32_t>> uses_;
};

}  // namespace cloze
