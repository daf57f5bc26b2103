#pragma once

#include <array>
#include <cstdint>

#include "engine/graph/graph.h"

// The work of nodes, by the rules of their ops.
namespace cloze {

// Of one node at full capacity.
Cost capacity_cost(const Graph& graph, const Node& node);

// What a batch really held.
struct LiveCounts {
  std::array<int64_t, axis_count> rows{};  // by axis; of `fixed`: not used
  // Σ length² / Σ length over the sequences: how many rows of keys a row of queries meets in attention.
  double keys_per_query = 0;
};

// Does its work follow from pairs of rows (Op::flops_per_pair)?
bool pairs_rows(const Graph& graph, const Node& node);

// Of one node on a batch: rows that hold no data are neither computed nor moved.
Cost live_cost(const Graph& graph, const Node& node, const LiveCounts& counts);

}  // namespace cloze
