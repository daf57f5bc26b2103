#pragma once

#include <cstdint>

#include "kernels/common/philox.h"

namespace cloze {

// What the sample's randomness is for; the numbers are part of the sample's format: changing one changes
// every file.
enum class DrawPurpose : uint32_t {
  training_documents = 0x5A01,
  validation_documents = 0x5A02,
  floor_documents = 0x5A03,
  floor_pairs = 0x5A04,
  training_reviews = 0x5A05,
  test_reviews = 0x5A06,
  training_passages = 0x5A07,
  dev_passages = 0x5A08,
};

// The draws of one item (a document, a review): draw n is a pure function of (seed, purpose, item, n).
// Integers only, so that every machine draws the same.
class SampleDraws {
 public:
  SampleDraws(uint64_t seed, DrawPurpose purpose, uint64_t item)
      : key_(derive_key(seed, static_cast<uint32_t>(purpose), item)) {}

  // A value in [0, bound).
  uint32_t below(uint32_t bound) { return scale_to(bits(), bound); }
  bool percent(uint32_t chance) { return below(100) < chance; }
  template <typename Container>
  const auto& one_of(const Container& items) {
    return items[below(static_cast<uint32_t>(items.size()))];
  }

 private:
  uint32_t bits() { return philox({next_++, 0, 0, 0}, key_).word0; }

  PhiloxKey key_;
  uint32_t next_ = 0;
};

}  // namespace cloze
