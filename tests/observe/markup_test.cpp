#include "engine/observe/markup.h"

#include <gmock/gmock.h>

namespace cloze {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

TEST(Markup, EscapesWhatMarkupIsMadeOf) {
  EXPECT_EQ(escaped("<a href=\"x\">Tom & Jerry's</a>"),
            "&lt;a href=&quot;x&quot;&gt;Tom &amp; Jerry&#39;s&lt;/a&gt;");
  EXPECT_EQ(escaped("naïve 日本 🙂"), "naïve 日本 🙂");
}

TEST(Markup, ReplacesWhatNoPageMayHold) {
  EXPECT_EQ(escaped("a\x01z"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(escaped("a\xffz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(escaped("a\xe2\x82"), "a\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(escaped("tab\tand\nline"), "tab\tand\nline");
}

TEST(Ticks, AreRoundNumbersWithin) {
  EXPECT_THAT(linear_ticks(0, 10, 5), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(linear_ticks(-1, 1, 4), ElementsAre(-1, -0.5, 0, 0.5, 1));
  EXPECT_THAT(linear_ticks(3.21, 3.87, 3),
              ElementsAre(DoubleNear(3.4, 1e-9), DoubleNear(3.6, 1e-9), DoubleNear(3.8, 1e-9)));
  EXPECT_THAT(linear_ticks(3.01, 3.02, 1), testing::SizeIs(testing::Ge(2u)));
  EXPECT_THAT(decade_ticks(0.05, 200), ElementsAre(DoubleNear(0.1, 1e-12), 1, 10, 100));
}

TEST(Ticks, HaveShortLabels) {
  EXPECT_EQ(tick_label(0), "0");
  EXPECT_EQ(tick_label(0.05), "0.05");
  EXPECT_EQ(tick_label(1e-5), "1e-05");
  EXPECT_EQ(tick_label(2500), "2500");
  EXPECT_EQ(tick_label(1e6), "1 M");
  EXPECT_EQ(tick_label(1.5e10), "15 G");
}

}  // namespace
}  // namespace cloze
