#include "engine/data/index_permutation.h"

#include <cassert>
#include <cmath>

namespace cloze {
namespace {

constexpr uint32_t rounds = 8;

uint32_t shift(uint32_t half, uint32_t other, uint32_t bound, uint32_t round, PhiloxKey key) {
  const uint32_t amount = scale_to(philox({other, round, 0, 0}, key).word0, bound);
  return static_cast<uint32_t>((uint64_t{half} + amount) % bound);
}

}  // namespace

IndexPermutation::IndexPermutation(uint64_t size, PhiloxKey key) : size_(size), key_(key) {
  assert(size >= 1 && size <= uint64_t{1} << 32);
  rows_ = static_cast<uint32_t>(std::ceil(std::sqrt(static_cast<double>(size))));
  columns_ = static_cast<uint32_t>((size + rows_ - 1) / rows_);
}

uint64_t IndexPermutation::operator()(uint64_t index) const {
  assert(index < size_);
  do {
    auto row = static_cast<uint32_t>(index / columns_);
    auto column = static_cast<uint32_t>(index % columns_);
    for (uint32_t round = 0; round < rounds; round += 2) {
      row = shift(row, column, rows_, round, key_);
      column = shift(column, row, columns_, round + 1, key_);
    }
    index = uint64_t{row} * columns_ + column;
  } while (index >= size_);
  return index;
}

}  // namespace cloze
