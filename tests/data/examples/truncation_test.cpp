#include "engine/data/examples/truncation.h"

#include <gtest/gtest.h>

namespace cloze {
namespace {

// The rule as run_classifier.py words it.
std::pair<size_t, size_t> one_by_one(size_t a, size_t b, size_t most) {
  while (a + b > most) a > b ? --a : --b;
  return {a, b};
}

TEST(Truncation, LengthsAreGooglesForAllSmallPairs) {
  for (size_t most = 0; most <= 12; ++most) {
    for (size_t a = 0; a <= 14; ++a) {
      for (size_t b = 0; b <= 14; ++b)
        EXPECT_EQ(kept_lengths(a, b, most), one_by_one(a, b, most)) << a << b << most;
    }
  }
}

TEST(Truncation, DropsTheEndTheBeginningOrTheMiddle) {
  const auto dropped = [](Truncation truncation, double proportion, size_t length, size_t kept) {
    const TokenRange range = dropped_range(length, kept, {128, truncation, proportion});
    return std::pair(range.begin, range.end);
  };
  EXPECT_EQ(dropped(Truncation::head, 0.25, 10, 4), std::pair(size_t{4}, size_t{10}));
  EXPECT_EQ(dropped(Truncation::tail, 0.25, 10, 4), std::pair(size_t{0}, size_t{6}));
  EXPECT_EQ(dropped(Truncation::head_tail, 0.25, 10, 4), std::pair(size_t{1}, size_t{7}));
  EXPECT_EQ(dropped(Truncation::head_tail, 0.25, 600, 510), std::pair(size_t{128}, size_t{218}));
  EXPECT_EQ(dropped(Truncation::head_tail, 1, 10, 4), std::pair(size_t{4}, size_t{10}));
  EXPECT_EQ(dropped(Truncation::head_tail, 0, 10, 4), std::pair(size_t{0}, size_t{6}));
  for (const Truncation any : {Truncation::head, Truncation::tail, Truncation::head_tail}) {
    const TokenRange range = dropped_range(7, 7, {128, any, 0.5});
    EXPECT_EQ(range.size(), 0u);
  }
}

}  // namespace
}  // namespace cloze
