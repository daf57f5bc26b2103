#include "engine/data/examples/truncation.h"

#include <algorithm>
#include <cmath>

namespace cloze {

std::pair<size_t, size_t> kept_lengths(size_t a, size_t b, size_t most) {
  if (a + b <= most) return {a, b};
  const size_t half_of_a = most - most / 2;  // ties are taken from b, so that a keeps the odd token
  if (a <= half_of_a) return {a, most - a};
  if (b <= most / 2) return {most - b, b};
  return {half_of_a, most / 2};
}

TokenRange dropped_range(size_t length, size_t kept, const SequenceOptions& options) {
  size_t from_head = kept;
  if (options.truncation == Truncation::tail) from_head = 0;
  if (options.truncation == Truncation::head_tail) {
    from_head = static_cast<size_t>(std::floor(static_cast<double>(kept) * options.head_proportion + 0.5));
    from_head = std::min(from_head, kept);
  }
  return {from_head, from_head + (length - kept)};
}

}  // namespace cloze
