#include "engine/runtime/traced_launches.h"

#include <gmock/gmock.h>

namespace cloze::testing {
namespace {

using ::testing::HasSubstr;

GpuActivity activity(const char* name, double begin, double end, bool replayed = true) {
  return {.name = name, .begin = begin, .end = end, .replayed = replayed};
}

TracedLaunches three_launches() {
  TracedLaunches launches;
  launches.learn(std::vector<GpuActivity>{activity("matmul", 0, 1, false)});
  launches.learn({});  // of an empty batch
  launches.learn(std::vector<GpuActivity>{activity("set", 2, 3, false), activity("sum", 3, 4, false)});
  return launches;
}

std::string error_of(const std::vector<GpuActivity>& replay) {
  std::vector<LaunchTime> times;
  try {
    three_launches().assign(replay, times);
  } catch (const CudaError& error) {
    return error.what();
  }
  return "";
}

TEST(TracedLaunches, GetTheirActivitiesOfAReplay) {
  std::vector<LaunchTime> times;
  three_launches().assign(
      std::vector<GpuActivity>{activity("copy", 9, 9.5, false), activity("matmul", 10, 12),
                               activity("set", 12.5, 13), activity("sum", 13.25, 14)},
      times);
  ASSERT_EQ(times.size(), 3u);
  EXPECT_EQ(times[0].begin, 10);
  EXPECT_EQ(times[0].end, 12);
  EXPECT_EQ(times[1].begin, 12);
  EXPECT_EQ(times[1].seconds(), 0);
  EXPECT_EQ(times[2].begin, 12.5);
  EXPECT_EQ(times[2].end, 14);
}

TEST(TracedLaunches, KnowFillsThatAGraphRunsAsKernels) {
  EXPECT_EQ(
      error_of({activity("matmul", 10, 12), activity("memset32_post", 12.5, 13), activity("sum", 13, 14)}),
      "");
}

TEST(TracedLaunches, RefuseAReplayOfOtherActivities) {
  EXPECT_THAT(error_of({activity("matmul", 10, 12)}),
              HasSubstr("noted as 1 activities, call by call its launches are 3"));
  EXPECT_THAT(error_of({activity("matmul", 10, 12), activity("sum", 12, 13), activity("set", 13, 14)}),
              HasSubstr("runs sum where launch 2 was to run set"));
}

}  // namespace
}  // namespace cloze::testing
