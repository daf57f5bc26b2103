#pragma once

#include <cstdint>
#include <vector>

#include "engine/graph/graph.h"

namespace cloze {

struct MemoryPlanOptions {
  bool reuse = true;  // off: every intermediate has memory of its own (for debugging)
};

// Offsets in one arena for every intermediate of a scheduled graph, decided before anything is allocated.
struct MemoryPlan {
  static constexpr int64_t alignment = 256;  // bytes
  static constexpr int64_t no_offset = -1;   // not in the arena, or never produced
  std::vector<int64_t> offsets;              // bytes, per value
  int64_t arena_bytes = 0;
  int64_t lower_bound_bytes = 0;  // most bytes alive at any one node: no plan can be smaller
  int64_t unshared_bytes = 0;     // without any reuse
};

// Liveness over the node order; values that alias (bases, in-place outputs whose input dies there) share one
// block; blocks are placed largest first at the lowest offset free over their lifetime.
MemoryPlan plan_memory(const Graph& graph, const MemoryPlanOptions& options = {});

}  // namespace cloze
