#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/data/examples/sequence_options.h"

namespace cloze {

// How many tokens of the two texts of a pair stay when `most` may stay together: _truncate_seq_pair of
// run_classifier.py takes tokens one by one from the longer text, from b where they are equally long. Without
// b this is min(a, most).
std::pair<size_t, size_t> kept_lengths(size_t a, size_t b, size_t most);

// A stretch of tokens, [begin, end).
struct TokenRange {
  size_t begin = 0, end = 0;
  size_t size() const { return end - begin; }
};

// Which of `length` tokens go so that `kept` (<= length) stay: the last, the first, or with head_tail those
// behind the first round(kept * head_proportion), halves rounded up.
TokenRange dropped_range(size_t length, size_t kept, const SequenceOptions& options);

}  // namespace cloze
