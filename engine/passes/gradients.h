#pragma once

#include <vector>

#include "engine/graph/graph.h"

namespace cloze {

struct ReadyGradient {
  ValueId value;
  int64_t begin = 0, end = 0;  // elements of the flat gradients
  size_t node = 0;             // that writes it
};

// What stands in the flat gradients in the end: the values there that no node reads. One that is read has
// become part of another: of a sum in place, of a reduction. In the order of their nodes.
std::vector<ReadyGradient> final_gradients(const Graph& graph);

}  // namespace cloze
