#include "engine/parallel/slow_link.h"

#include <gtest/gtest.h>

#include <vector>

namespace cloze {
namespace {

constexpr double mega = 1e6;

TEST(SlowLink, IsTheOneFarBelowTheOthers) {
  const std::vector<LinkTime> links{{.bytes = 1000 * mega, .seconds = 1},
                                    {.bytes = 1000 * mega, .seconds = 10},
                                    {.bytes = 1000 * mega, .seconds = 1.25}};
  const auto found = find_slow_link(links);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->to, 1);
  EXPECT_DOUBLE_EQ(found->rate, 100 * mega);
  EXPECT_DOUBLE_EQ(found->usual_rate, 1000 * mega);
  EXPECT_DOUBLE_EQ(found->lost_seconds, 9);
}

TEST(SlowLink, OfTwoTheOtherIsTheMeasure) {
  const std::vector<LinkTime> links{{.bytes = 10 * mega, .seconds = 2}, {.bytes = 10 * mega, .seconds = 0.1}};
  const auto found = find_slow_link(links);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->to, 0);
}

TEST(SlowLink, NoneWhereNothingStandsOut) {
  EXPECT_FALSE(find_slow_link({}));
  EXPECT_FALSE(find_slow_link(std::vector<LinkTime>{{.bytes = 10 * mega, .seconds = 100}})) << "one link";
  EXPECT_FALSE(find_slow_link(
      std::vector<LinkTime>{{.bytes = 1000, .seconds = 100}, {.bytes = mega * 2, .seconds = 1}}))
      << "too little to judge by";
  EXPECT_FALSE(find_slow_link(
      std::vector<LinkTime>{{.bytes = 100 * mega, .seconds = 9}, {.bytes = 100 * mega, .seconds = 3}}))
      << "a third";
  EXPECT_FALSE(find_slow_link(
      std::vector<LinkTime>{{.bytes = 10 * mega, .seconds = 0.5}, {.bytes = 10 * mega, .seconds = 0.01}}))
      << "half a second";
}

}  // namespace
}  // namespace cloze
