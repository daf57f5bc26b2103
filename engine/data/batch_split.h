#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/graph/capacity.h"

namespace cloze {

// What one sequence takes of a micro-batch.
struct SequenceSize {
  int64_t tokens = 0, predictions = 0;
};

// Sequences [begin, end) of the global batch.
struct BatchPart {
  size_t begin = 0, end = 0;
  friend bool operator==(const BatchPart&, const BatchPart&) = default;
};

// Cuts a global batch into contiguous micro-batches, in order: as few as `largest` allows in a multiple of
// `world`, none empty, the longest as short as any such cut can make it. A function of its arguments alone,
// so that every rank cuts alike. Throws Error where a sequence does not fit, or there are fewer sequences
// than micro-batches.
std::vector<BatchPart> split_batch(std::span<const SequenceSize> sequences, const Capacity& largest,
                                   int world);

}  // namespace cloze
