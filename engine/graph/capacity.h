#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace cloze {

// How much a packed micro-batch may hold; a program is compiled for one capacity. Live counts are step
// inputs.
struct Capacity {
  int64_t tokens = 0;       // T
  int64_t sequences = 0;    // S
  int64_t predictions = 0;  // M: masked rows (0 for tasks without a masked head)
  int64_t longest = 0;      // tokens of any sequence, where known; 0: as many as the model takes

  bool holds(const Capacity& counts) const {
    return counts.tokens <= tokens && counts.sequences <= sequences && counts.predictions <= predictions;
  }
  // The larger of both in each count.
  friend Capacity larger_of(const Capacity& one, const Capacity& other) {
    return {std::max(one.tokens, other.tokens), std::max(one.sequences, other.sequences),
            std::max(one.predictions, other.predictions), std::max(one.longest, other.longest)};
  }
  friend bool operator==(const Capacity&, const Capacity&) = default;
};

// The rungs from small to `largest`, each at most 1.2 times the one below in every count.
std::vector<Capacity> capacity_ladder(const Capacity& largest);

// The smallest rung that holds `counts`; throws Error when none does.
const Capacity& choose_rung(const std::vector<Capacity>& ladder, const Capacity& counts);

}  // namespace cloze
