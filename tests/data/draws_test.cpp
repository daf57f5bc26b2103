#include "engine/data/draw_sequence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include "engine/data/index_permutation.h"

namespace cloze {
namespace {

const PhiloxKey key = data_key(1, DataPurpose::pairing, 0);

// Counts within five standard deviations of `trials` * `probability`.
void expect_rate(int64_t count, int64_t trials, double probability) {
  const double mean = static_cast<double>(trials) * probability;
  EXPECT_NEAR(static_cast<double>(count), mean, 5 * std::sqrt(mean * (1 - probability)) + 1e-9);
}

TEST(Draws, DependOnKeyAndNumbersOnly) {
  DrawSequence a(key, 3, 4), b(key, 3, 4), other(key, 4, 3);
  const uint32_t first = a.bits();
  EXPECT_EQ(first, b.bits());
  EXPECT_NE(first, other.bits());
  EXPECT_NE(first, DrawSequence(data_key(1, DataPurpose::masking, 0), 3, 4).bits());
  EXPECT_NE(first, DrawSequence(data_key(2, DataPurpose::pairing, 0), 3, 4).bits());
  EXPECT_NE(first, DrawSequence(data_key(1, DataPurpose::pairing, 1), 3, 4).bits());
}

TEST(Draws, BelowIsUniform) {
  constexpr int trials = 60000;
  DrawSequence draws(key, 0, 0);
  for (const uint32_t bound : {1u, 2u, 3u, 7u, 10u}) {
    std::vector<int64_t> seen(bound);
    for (int i = 0; i < trials; ++i) {
      const uint32_t value = draws.below(bound);
      ASSERT_LT(value, bound);
      ++seen[value];
    }
    for (const int64_t count : seen) expect_rate(count, trials, 1.0 / bound);
  }
}

// With a bound of 3 * 2^30 plain multiplication would favour a third of the values twofold.
TEST(Draws, BelowIsExactForLargeBounds) {
  constexpr int trials = 60000;
  constexpr uint32_t bound = 3u << 30;
  DrawSequence draws(key, 1, 0);
  std::vector<int64_t> by_residue(3);
  for (int i = 0; i < trials; ++i) ++by_residue[draws.below(bound) % 3];
  for (const int64_t count : by_residue) expect_rate(count, trials, 1.0 / 3);
}

TEST(Draws, CoinsAreFairAndIndependent) {
  constexpr int trials = 64000;
  DrawSequence draws(key, 2, 0);
  int64_t heads = 0, repeats = 0;
  bool before = false;
  for (int i = 0; i < trials; ++i) {
    const bool coin = draws.coin();
    heads += coin;
    repeats += coin == before;
    before = coin;
  }
  expect_rate(heads, trials, 0.5);
  expect_rate(repeats, trials, 0.5);
}

TEST(Draws, ShuffledFrontIsAUniformChoice) {
  constexpr int trials = 60000, items = 5, needed = 2;
  std::vector<int64_t> pairs(items * items);
  for (uint32_t trial = 0; trial < trials; ++trial) {
    std::vector<int> values(items);
    std::iota(values.begin(), values.end(), 0);
    DrawSequence(key, 5, trial).shuffle(std::span(values), needed);
    ++pairs[static_cast<size_t>(values[0] * items + values[1])];
    ASSERT_EQ(std::set<int>(values.begin(), values.end()).size(), static_cast<size_t>(items));
  }
  for (int i = 0; i < items; ++i) {
    for (int j = 0; j < items; ++j) {
      if (i != j) expect_rate(pairs[static_cast<size_t>(i * items + j)], trials, 1.0 / (items * (items - 1)));
    }
  }
}

TEST(IndexPermutation, IsABijection) {
  for (const uint64_t size : {1u, 2u, 3u, 4u, 5u, 17u, 100u, 1000u, 4097u}) {
    const IndexPermutation order(size, key);
    std::vector<bool> seen(size);
    for (uint64_t i = 0; i < size; ++i) {
      const uint64_t at = order(i);
      ASSERT_LT(at, size);
      ASSERT_FALSE(seen[at]) << size;
      seen[at] = true;
    }
  }
}

TEST(IndexPermutation, ReachesTheLargestSize) {
  const IndexPermutation order(uint64_t{1} << 32, key);
  std::set<uint64_t> seen;
  for (uint64_t i = 0; i < 1000; ++i) seen.insert(order((uint64_t{1} << 32) - 1 - i));
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_LT(*seen.rbegin(), uint64_t{1} << 32);
}

TEST(IndexPermutation, SendsEveryPlaceEverywhere) {
  constexpr uint32_t trials = 50000, size = 10;
  std::vector<int64_t> first(size), neighbours(size * size);
  for (uint32_t trial = 0; trial < trials; ++trial) {
    const IndexPermutation order(size, derive_key(7, 1, trial));
    ++first[order(0)];
    ++neighbours[order(3) * size + order(4)];
  }
  for (const int64_t count : first) expect_rate(count, trials, 0.1);
  for (uint64_t i = 0; i < size; ++i) {
    for (uint64_t j = 0; j < size; ++j) {
      // Eight rounds are not perfect on ten places: a tenth of the rate is allowed besides the noise.
      const double expected = i == j ? 0 : trials / 90.0;
      EXPECT_NEAR(static_cast<double>(neighbours[i * size + j]), expected,
                  0.1 * expected + 5 * std::sqrt(expected));
    }
  }
}

}  // namespace
}  // namespace cloze
