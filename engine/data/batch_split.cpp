#include "engine/data/batch_split.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/base/error.h"

namespace cloze {
namespace {

// Cuts greedily under `limit`, leaving a sequence for each part still to come; no parts where `count` do not
// suffice.
std::vector<BatchPart> cut(std::span<const SequenceSize> sequences, const Capacity& limit, size_t count) {
  std::vector<BatchPart> parts;
  size_t begin = 0;
  Capacity held;
  for (size_t i = 0; i < sequences.size(); ++i) {
    Capacity with{held.tokens + sequences[i].tokens, held.sequences + 1,
                  held.predictions + sequences[i].predictions};
    const size_t parts_to_come = count - parts.size() - 1;
    if (i > begin && (!limit.holds(with) || sequences.size() - i <= parts_to_come)) {
      parts.push_back({begin, i});
      if (parts.size() == count) return {};
      begin = i;
      with = {sequences[i].tokens, 1, sequences[i].predictions};
    }
    held = with;
  }
  parts.push_back({begin, sequences.size()});
  return parts;
}

}  // namespace

std::vector<BatchPart> split_batch(std::span<const SequenceSize> sequences, const Capacity& largest,
                                   int world) {
  int64_t tokens = 0, longest = 0;
  for (const SequenceSize& sequence : sequences) {
    tokens += sequence.tokens;
    longest = std::max(longest, sequence.tokens);
    if (!largest.holds({sequence.tokens, 1, sequence.predictions})) {
      throw Error(
          {.what = fmt::format("a sequence of {} tokens and {} predictions does not fit into a micro-batch",
                               sequence.tokens, sequence.predictions),
           .why = fmt::format("a micro-batch holds {} tokens, {} sequences, {} predictions", largest.tokens,
                              largest.sequences, largest.predictions),
           .remedy = "make the micro-batch larger"});
    }
  }
  for (auto count = static_cast<size_t>(world);; count += static_cast<size_t>(world)) {
    if (count > sequences.size()) {
      throw Error({.what = fmt::format("a batch of {} sequences cannot be cut into {} micro-batches",
                                       sequences.size(), count),
                   .why = fmt::format("every one of {} processes needs as many as the others", world),
                   .remedy = "make the batch or the micro-batch larger, or use fewer processes"});
    }
    if (cut(sequences, largest, count).empty()) continue;
    // The smallest limit on tokens that still gives `count` parts.
    int64_t low = std::max(longest, (tokens + static_cast<int64_t>(count) - 1) / static_cast<int64_t>(count));
    int64_t high = largest.tokens;
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      if (cut(sequences, {middle, largest.sequences, largest.predictions}, count).empty()) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return cut(sequences, {high, largest.sequences, largest.predictions}, count);
  }
}

}  // namespace cloze
