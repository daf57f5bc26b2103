#include "engine/graph/capacity.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/base/error.h"

namespace cloze {
namespace {

// Largest count below `count` such that count <= 1.2 * result; never below 1 (0 stays 0).
int64_t rung_below(int64_t count) {
  return count <= 5 ? count : (count * 5 + 5) / 6;
}

}  // namespace

std::vector<Capacity> capacity_ladder(const Capacity& largest) {
  std::vector<Capacity> rungs{largest};
  // Below an eighth of the largest the cost of a step no longer depends on its capacity.
  while (rungs.back().tokens * 8 > largest.tokens) {
    const Capacity& top = rungs.back();
    const Capacity next{rung_below(top.tokens), rung_below(top.sequences), rung_below(top.predictions),
                        top.longest};
    if (next == top) break;
    rungs.push_back(next);
  }
  std::reverse(rungs.begin(), rungs.end());
  return rungs;
}

const Capacity& choose_rung(const std::vector<Capacity>& ladder, const Capacity& counts) {
  for (const Capacity& rung : ladder) {
    if (rung.holds(counts)) return rung;
  }
  throw Error(
      {.what = fmt::format("a micro-batch of {} tokens, {} sequences and {} predictions fits no capacity",
                           counts.tokens, counts.sequences, counts.predictions)});
}

}  // namespace cloze
