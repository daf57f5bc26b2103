#include "engine/graph/memory_plan.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace cloze {
namespace {

struct Block {
  int64_t bytes = 0;
  int32_t first = std::numeric_limits<int32_t>::max();  // node that writes it first
  int32_t last = -1;                                    // last node that reads it
  int64_t offset = MemoryPlan::no_offset;
};

class Planner {
 public:
  Planner(const Graph& graph, const MemoryPlanOptions& options)
      : graph_(graph),
        options_(options),
        block_of_(graph.value_count(), -1),
        last_use_(graph.value_count(), -1) {}

  MemoryPlan run() {
    find_last_uses();
    assign_blocks();
    place();
    MemoryPlan plan;
    plan.offsets.assign(graph_.value_count(), MemoryPlan::no_offset);
    for (size_t i = 0; i < plan.offsets.size(); ++i) {
      if (block_of_[i] >= 0) plan.offsets[i] = blocks_[static_cast<size_t>(block_of_[i])].offset;
    }
    for (const Block& block : blocks_)
      plan.arena_bytes = std::max(plan.arena_bytes, block.offset + block.bytes);
    plan.unshared_bytes = unshared_bytes_;
    plan.lower_bound_bytes = lower_bound();
    return plan;
  }

 private:
  static size_t index(ValueId id) { return static_cast<size_t>(id.index); }
  bool in_arena(ValueId id) const { return graph_.value(id).home.memory == Memory::arena; }

  void find_last_uses() {
    const auto& nodes = graph_.nodes();
    for (size_t n = 0; n < nodes.size(); ++n) {
      for (const auto& list : {nodes[n].inputs, nodes[n].bases, nodes[n].outputs}) {
        for (const ValueId id : list) {
          if (id) last_use_[index(id)] = static_cast<int32_t>(n);
        }
      }
    }
    for (const auto& result : graph_.results())
      last_use_[index(result.value)] = static_cast<int32_t>(nodes.size());
  }

  void assign_blocks() {
    const auto& nodes = graph_.nodes();
    for (size_t n = 0; n < nodes.size(); ++n) {
      std::vector<int32_t> taken;  // blocks already taken over by an output of this node
      for (size_t o = 0; o < nodes[n].outputs.size(); ++o) {
        const ValueId output = nodes[n].outputs[o];
        if (!in_arena(output)) continue;
        const int64_t bytes = aligned(graph_.type(output).bytes());
        int32_t block = forced_block(nodes[n], static_cast<int>(o));
        if (block < 0) {
          unshared_bytes_ += bytes;
          block = block_in_place(nodes[n], static_cast<int>(o), static_cast<int32_t>(n), taken);
        }
        if (block < 0) {
          block = static_cast<int32_t>(blocks_.size());
          blocks_.push_back({.bytes = bytes});
        } else {
          taken.push_back(block);
        }
        block_of_[index(output)] = block;
        Block& extended = blocks_[static_cast<size_t>(block)];
        extended.first = std::min(extended.first, static_cast<int32_t>(n));
        extended.last = std::max(extended.last, last_use_[index(output)]);
      }
    }
  }

  // The block of a base or of a required alias, or -1.
  int32_t forced_block(const Node& node, int output) const {
    if (const ValueId base = node.bases[static_cast<size_t>(output)]; base && in_arena(base))
      return block_of_[index(base)];
    for (const Alias& alias : node.op->aliases()) {
      const ValueId input = node.inputs[static_cast<size_t>(alias.input)];
      if (alias.output == output && alias.required && input && in_arena(input))
        return block_of_[index(input)];
    }
    return -1;
  }

  // The block of an input that dies here and may be overwritten, or -1.
  int32_t block_in_place(const Node& node, int output, int32_t position,
                         const std::vector<int32_t>& taken) const {
    if (!options_.reuse) return -1;
    for (const Alias& alias : node.op->aliases()) {
      const ValueId input = node.inputs[static_cast<size_t>(alias.input)];
      if (alias.output != output || !input || !in_arena(input)) continue;
      const int32_t block = block_of_[index(input)];
      const bool dies_here = blocks_[static_cast<size_t>(block)].last == position;
      const bool fits =
          graph_.type(input).bytes() == graph_.type(node.outputs[static_cast<size_t>(output)]).bytes();
      const bool used_once = std::count(node.inputs.begin(), node.inputs.end(), input) == 1;
      const bool is_free = std::find(taken.begin(), taken.end(), block) == taken.end();
      if (dies_here && fits && used_once && is_free) return block;
    }
    return -1;
  }

  static int64_t aligned(int64_t bytes) {
    return (bytes + MemoryPlan::alignment - 1) / MemoryPlan::alignment * MemoryPlan::alignment;
  }

  void place() {
    std::vector<size_t> order(blocks_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return blocks_[a].bytes > blocks_[b].bytes; });
    std::vector<const Block*> placed;  // by offset
    int64_t end = 0;
    for (const size_t i : order) {
      Block& block = blocks_[i];
      block.offset = options_.reuse ? lowest_gap(block, placed) : end;
      end = std::max(end, block.offset + block.bytes);
      placed.insert(std::upper_bound(placed.begin(), placed.end(), &block,
                                     [](const Block* a, const Block* b) { return a->offset < b->offset; }),
                    &block);
    }
  }

  static int64_t lowest_gap(const Block& block, const std::vector<const Block*>& placed) {
    int64_t candidate = 0;
    for (const Block* other : placed) {
      if (other->last < block.first || block.last < other->first) continue;
      if (candidate + block.bytes <= other->offset) break;
      candidate = std::max(candidate, other->offset + other->bytes);
    }
    return candidate;
  }

  int64_t lower_bound() const {
    std::vector<int64_t> change(graph_.nodes().size() + 2);
    for (const Block& block : blocks_) {
      change[static_cast<size_t>(block.first)] += block.bytes;
      change[static_cast<size_t>(block.last) + 1] -= block.bytes;
    }
    int64_t alive = 0, most = 0;
    for (const int64_t delta : change) most = std::max(most, alive += delta);
    return most;
  }

  const Graph& graph_;
  const MemoryPlanOptions& options_;
  std::vector<Block> blocks_;
  std::vector<int32_t> block_of_, last_use_;
  int64_t unshared_bytes_ = 0;
};

}  // namespace

MemoryPlan plan_memory(const Graph& graph, const MemoryPlanOptions& options) {
  return Planner(graph, options).run();
}

}  // namespace cloze
