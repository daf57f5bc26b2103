#include "engine/data/squad/window_spans.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloze {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(WindowSpans, OverlapByTheStride) {
  EXPECT_THAT(window_spans(500, 317, 128),
              ElementsAre(WindowSpan{0, 317}, WindowSpan{128, 317}, WindowSpan{256, 244}));
}

TEST(WindowSpans, OneThatReachesTheEndIsTheLast) {
  EXPECT_THAT(window_spans(10, 10, 3), ElementsAre(WindowSpan{0, 10}));
  EXPECT_THAT(window_spans(11, 10, 3), ElementsAre(WindowSpan{0, 10}, WindowSpan{3, 8}));
  EXPECT_THAT(window_spans(13, 10, 3), ElementsAre(WindowSpan{0, 10}, WindowSpan{3, 10}));
}

TEST(WindowSpans, AGreatStrideLeavesNothingOut) {
  EXPECT_THAT(window_spans(25, 10, 99),
              ElementsAre(WindowSpan{0, 10}, WindowSpan{10, 10}, WindowSpan{20, 5}));
}

TEST(WindowSpans, NoTokensHaveNoWindow) {
  EXPECT_THAT(window_spans(0, 10, 3), IsEmpty());
  EXPECT_THAT(max_context_windows({}), IsEmpty());
}

TEST(MaxContext, IsWhereTheNearerEndIsFarthest) {
  const auto best = max_context_windows(window_spans(500, 317, 128));
  ASSERT_EQ(best.size(), 500u);
  EXPECT_EQ(best[0], 0);
  EXPECT_EQ(best[222], 0);
  EXPECT_EQ(best[223], 1);
  EXPECT_EQ(best[316], 1);
  EXPECT_EQ(best[400], 2);
  EXPECT_EQ(best[499], 2);
}

TEST(MaxContext, TheFirstOfEqualWindowsWins) {
  // Token 5 is one from the end of the first, one from the beginning of the second.
  const auto best = max_context_windows(std::vector<WindowSpan>{{0, 7}, {4, 7}});
  EXPECT_EQ(best[5], 0);
  EXPECT_EQ(best[6], 1);
}

}  // namespace
}  // namespace cloze
