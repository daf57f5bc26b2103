#include "engine/parallel/job_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloze {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Watching : public testing::Test {
 protected:
  static constexpr Patience patience{seconds(60), seconds(10), seconds(100)};
  JobWatch::Time at(int64_t second) const { return JobWatch::Time() + seconds(second); }

  void all_join() {
    for (int rank = 0; rank < 3; ++rank)
      watch_.joined(rank, {"node" + std::to_string(rank), 100 + rank, "CPU"}, at(0));
  }
  // Beats of all ranks at every second of (from, to], of the same content.
  void beats(int64_t from, int64_t to, const std::vector<Beat>& of_ranks) {
    for (int64_t second = from + 1; second <= to; ++second) {
      for (size_t rank = 0; rank < of_ranks.size(); ++rank)
        watch_.beat(static_cast<int>(rank), of_ranks[rank], at(second));
    }
  }
  std::string verdict(int64_t second) { return watch_.verdict(at(second)).value_or("none"); }

  JobWatch watch_{3, patience, at(0)};
};

TEST_F(Watching, MissingRanksAreNamed) {
  watch_.joined(1, {"node1", 7, "CPU"}, at(1));
  for (int64_t second = 2; second < 60; ++second) {
    watch_.beat(1, {}, at(second));
    EXPECT_EQ(verdict(second), "none");
  }
  watch_.beat(1, {}, at(60));
  EXPECT_EQ(verdict(60), "ranks 0, 2 of 3 did not appear within 60 s");
}

TEST_F(Watching, ASilentRankIsNamed) {
  all_join();
  for (int64_t second = 1; second <= 9; ++second) {
    watch_.beat(0, {}, at(second));
    watch_.beat(2, {}, at(second));
  }
  EXPECT_EQ(verdict(9), "none");
  EXPECT_THAT(verdict(10), AllOf(HasSubstr("rank 1 (host node1, process 101)"), HasSubstr("for 10 s")));
}

TEST_F(Watching, AfterSleepAllWaitsBeginAnew) {
  all_join();
  watch_.slept(at(500));
  EXPECT_EQ(verdict(509), "none");
  EXPECT_THAT(verdict(510), HasSubstr("rank 0"));
}

TEST_F(Watching, TheFirstCauseStands) {
  all_join();
  watch_.closed(2, "its connection was closed");
  watch_.closed(1, "its connection was closed");
  watch_.failed(0, "something else");
  EXPECT_EQ(verdict(1), "rank 2 (host node2, process 102) is gone: its connection was closed");
}

TEST_F(Watching, LeavingIsNoFault) {
  all_join();
  for (int rank = 0; rank < 3; ++rank) {
    watch_.left(rank);
    watch_.closed(rank, "its connection was closed");
  }
  EXPECT_TRUE(watch_.all_left());
  EXPECT_EQ(verdict(1000), "none");
}

TEST_F(Watching, ARankThatLeavesTooEarlyIsNamed) {
  all_join();
  watch_.left(1);
  beats(0, 9, {{.entered = 1}, {}, {.entered = 1}});
  EXPECT_EQ(verdict(9), "none");
  EXPECT_EQ(verdict(10), "rank 1 (host node1, process 101) has ended, and the others wait for it");
}

TEST_F(Watching, ARankThatHangsWhileOthersWaitIsNamed) {
  all_join();
  const std::vector<Beat> two_waits{
      {.entered = 5, .left = 4}, {.entered = 4, .left = 4}, {.entered = 5, .left = 4}};
  beats(0, 100, two_waits);
  EXPECT_EQ(verdict(100), "none");
  beats(100, 101, two_waits);
  EXPECT_THAT(verdict(101), AllOf(HasSubstr("rank 1"), HasSubstr("no progress for 100 s")));
}

TEST_F(Watching, ARankThatComputesForLongIsLeftInPeace) {
  all_join();
  for (int64_t second = 1; second <= 1000; ++second) {
    watch_.beat(0, {.entered = 5, .left = 4}, at(second));
    watch_.beat(1, {.entered = 4, .left = 4, .progress = second / 50}, at(second));
    watch_.beat(2, {.entered = 5, .left = 4}, at(second));
    ASSERT_EQ(verdict(second), "none") << second;
  }
}

TEST_F(Watching, WhoSavesIsGivenTenTimesAsLong) {
  all_join();
  const std::vector<Beat> saving{
      {.entered = 4, .left = 4, .excused = true}, {.entered = 5, .left = 4}, {.entered = 5, .left = 4}};
  beats(0, 1000, saving);
  EXPECT_EQ(verdict(1000), "none");
  beats(1000, 1001, saving);
  EXPECT_THAT(verdict(1001), HasSubstr("rank 0"));
}

TEST_F(Watching, DataThatDoNotGetThrough) {
  all_join();
  const std::vector<Beat> stuck{{.entered = 5, .left = 4, .waits_for = 2},
                                {.entered = 5, .left = 4, .waits_for = 0},
                                {.entered = 5, .left = 4, .waits_for = 1}};
  beats(0, 10, stuck);
  EXPECT_EQ(verdict(10), "none");
  beats(10, 11, stuck);
  EXPECT_THAT(verdict(11),
              AllOf(HasSubstr("no data move"), HasSubstr("process 101) waits for data of rank 0")));
}

}  // namespace
}  // namespace cloze
