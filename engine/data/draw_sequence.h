#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "kernels/common/philox.h"

namespace cloze {

// What random numbers of the data room are for: each purpose has keys of its own.
enum class DataPurpose : uint32_t {
  document_order = 0x64740001,
  window_order = 0x64740002,
  pairing = 0x64740003,
  masking = 0x64740004,
  validation_split = 0x64740005,
};

inline PhiloxKey data_key(uint64_t seed, DataPurpose purpose, uint64_t index) {
  return derive_key(seed, static_cast<uint32_t>(purpose), index);
}

// The random draws of one thing (a document, an instance) in order: word n is word n % 4 of Philox at counter
// {n / 4, first, second, 0}. A draw depends on the key, the two numbers of the thing and n, on nothing else.
class DrawSequence {
 public:
  DrawSequence(PhiloxKey key, uint32_t first, uint32_t second) : key_(key), first_(first), second_(second) {}

  uint32_t bits() {
    if (used_ == 4) refill();
    return words_[used_++];
  }
  // In [0, 1), 32 bits.
  double unit() { return bits() * 0x1p-32; }
  // True half of the time; 32 of them cost one word.
  bool coin() {
    if (coins_left_ == 0) {
      coins_ = bits();
      coins_left_ = 32;
    }
    --coins_left_;
    return (coins_ >> coins_left_ & 1) != 0;
  }
  // In [0, bound), exactly uniform (Lemire 2019, "Fast random integer generation in an interval"); bound > 0.
  uint32_t below(uint32_t bound) {
    uint64_t product = uint64_t{bits()} * bound;
    if (static_cast<uint32_t>(product) < bound) {
      const uint32_t rejected = -bound % bound;
      while (static_cast<uint32_t>(product) < rejected) product = uint64_t{bits()} * bound;
    }
    return static_cast<uint32_t>(product >> 32);
  }
  // Puts a random choice of `needed` items, in random order, at the front (Fisher-Yates, stopped early).
  template <typename T>
  void shuffle(std::span<T> items, size_t needed) {
    for (size_t i = 0; i < needed && i + 1 < items.size(); ++i) {
      std::swap(items[i], items[i + below(static_cast<uint32_t>(items.size() - i))]);
    }
  }

 private:
  void refill() {
    const PhiloxBits drawn = philox({block_++, first_, second_, 0}, key_);
    words_[0] = drawn.word0;
    words_[1] = drawn.word1;
    words_[2] = drawn.word2;
    words_[3] = drawn.word3;
    used_ = 0;
  }

  PhiloxKey key_;
  uint32_t first_, second_, block_ = 0;
  uint32_t words_[4] = {};
  uint32_t used_ = 4;
  uint32_t coins_ = 0, coins_left_ = 0;
};

}  // namespace cloze
