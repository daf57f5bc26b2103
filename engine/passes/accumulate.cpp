#include <algorithm>

#include "engine/ops/elementwise.h"
#include "engine/passes/passes.h"

// add(a, b) of gradients becomes: the op that makes b writes a + b over a (a matmul with beta = 1, an
// embedding gradient added to the tied head's). Then no gradient is written twice.
namespace cloze {
namespace {

class Accumulator {
 public:
  explicit Accumulator(Graph& graph) : graph_(graph), nodes_(graph.nodes()) {}

  void run() {
    for (size_t n = 0; n < nodes_.size(); ++n) {
      if (nodes_[n].phase != Phase::backward || dynamic_cast<const AddOp*>(nodes_[n].op.get()) == nullptr)
        continue;
      const Node sum = nodes_[n];
      if (merge(n, sum.inputs[0], sum.inputs[1], sum.outputs[0]) ||
          merge(n, sum.inputs[1], sum.inputs[0], sum.outputs[0])) {
        nodes_[n].op = nullptr;
        nodes_[n].inputs.clear();
        nodes_[n].outputs.clear();
      }
    }
    std::erase_if(nodes_, [](const Node& node) { return node.op == nullptr; });
    graph_.set_nodes(std::move(nodes_));
  }

 private:
  struct Position {
    size_t node = 0, output = 0;
    bool found = false;
  };

  Position producer_of(ValueId id) const {
    for (size_t n = 0; n < nodes_.size(); ++n) {
      const auto& outputs = nodes_[n].outputs;
      const auto found = std::find(outputs.begin(), outputs.end(), id);
      if (found != outputs.end()) return {n, static_cast<size_t>(found - outputs.begin()), true};
    }
    return {};
  }

  // Last node that reads `id`, the sum itself left out; -1 when none does.
  std::ptrdiff_t last_reader(ValueId id, size_t sum) const {
    for (size_t n = nodes_.size(); n-- > 0;) {
      if (n == sum) continue;
      for (const auto& list : {nodes_[n].inputs, nodes_[n].bases}) {
        if (std::find(list.begin(), list.end(), id) != list.end()) return static_cast<std::ptrdiff_t>(n);
      }
    }
    return -1;
  }

  // Lets the producer of `added` add to `base` in place, giving `total`.
  bool merge(size_t sum, ValueId base, ValueId added, ValueId total) {
    const Position from = producer_of(base), by = producer_of(added);
    if (base == added || !from.found || !by.found || from.node >= by.node) return false;
    Node& adder = nodes_[by.node];
    if (!adder.op->accumulates(static_cast<int>(by.output)) || adder.bases[by.output]) return false;
    if (last_reader(added, sum) >= 0 || last_reader(base, sum) >= static_cast<std::ptrdiff_t>(by.node))
      return false;
    if (graph_.value(base).home.memory != Memory::arena || nodes_[from.node].bases[from.output]) {
      // The base is a sum in place already: all of its chain must move to the home of the total.
      if (!(graph_.value(base).home == graph_.value(total).home)) return false;
    }
    graph_.set_home(base, graph_.value(total).home);
    adder.bases[by.output] = base;
    adder.outputs[by.output] = total;
    return true;
  }

  Graph& graph_;
  std::vector<Node> nodes_;
};

}  // namespace

void accumulate_in_place(Graph& graph, const PassOptions&) {
  Accumulator(graph).run();
}

}  // namespace cloze
