#pragma once

#include <cstdint>

#include "kernels/common/philox.h"

namespace cloze {

// A pseudo-random order of 0 … size-1 as a function, without a stored table: an unbalanced Feistel network
// over the rectangle rows x columns >= size with modular addition (each round shifts one half by a Philox
// value of the other, so every round is a bijection), walked along its cycle until it lands inside [0, size)
// again (Black & Rogaway 2002, "Ciphers with arbitrary finite domains").
class IndexPermutation {
 public:
  // 1 <= size <= 2^32.
  IndexPermutation(uint64_t size, PhiloxKey key);
  uint64_t size() const { return size_; }
  // A bijection of [0, size); index < size.
  uint64_t operator()(uint64_t index) const;

 private:
  uint64_t size_;
  uint32_t rows_, columns_;
  PhiloxKey key_;
};

}  // namespace cloze
