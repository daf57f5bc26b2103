#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/data/corpus_manifest.h"

namespace cloze {

// Counts lines seen before, in at most 64 MB (twice that for a moment when the table grows). Exact up to
// `capacity` distinct lines; beyond that over a sample of the lines: those whose hash is 0 modulo a power of
// two, doubled whenever the table is full (Gibbons 2001, "Distinct sampling"). The result depends on the
// lines only, not on where counting was interrupted.
class DuplicateLineCounter {
 public:
  static constexpr size_t default_capacity = size_t{2} << 20;

  struct Entry {
    uint64_t hash = 0;
    uint64_t lines = 0;
  };

  explicit DuplicateLineCounter(size_t capacity = default_capacity);

  void add(uint64_t hash) { add({hash, 1}); }
  DuplicateLines result() const { return {sampled_one_in_, lines_, distinct_}; }

  // What to save, and to go on from.
  std::vector<Entry> entries() const;
  void restore(uint64_t sampled_one_in, std::span<const Entry> entries);

 private:
  void add(Entry entry);
  Entry& slot_of(uint64_t hash);
  void rebuild(size_t slots);

  size_t capacity_;
  uint64_t sampled_one_in_ = 1, lines_ = 0, distinct_ = 0;
  std::vector<Entry> slots_;  // open addressing, a power of two of them; lines == 0: free
};

}  // namespace cloze
