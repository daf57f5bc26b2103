#include <map>
#include <utility>

#include "engine/ops/attention.h"
#include "engine/passes/passes.h"

// On a GPU the blocks of an attention kernel begin in the order of their numbers: the longest sequences
// first. The order is made once a step for each pair of offsets, and all layers use it, forward and backward.
namespace cloze {

void order_attention(Graph& graph, const PassOptions& options) {
  if (options.target.architecture != Architecture::cuda) return;
  std::map<std::pair<int32_t, int32_t>, ValueId> orders;  // by the offsets of queries and keys
  std::vector<Node> nodes;
  for (Node node : graph.nodes()) {
    if (dynamic_cast<const AttentionOp*>(node.op.get()) != nullptr) {
      const ValueId queries = node.inputs[AttentionOp::query_offsets],
                    keys = node.inputs[AttentionOp::key_offsets];
      ValueId& order = orders[{queries.index, keys.index}];
      if (!order) {
        auto op = std::make_shared<AttentionWorkOp>();
        order = graph.add_value(op->output_types(std::vector{graph.type(queries), graph.type(keys)}).front());
        nodes.push_back({.op = std::move(op),
                         .inputs = {queries, keys},
                         .outputs = {order},
                         .bases = {no_value},
                         .scope = "attention_work"});
      }
      node.inputs[AttentionOp::work] = order;
    }
    nodes.push_back(std::move(node));
  }
  graph.set_nodes(std::move(nodes));
}

}  // namespace cloze
