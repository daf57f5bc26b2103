// What goes wrong inside NCCL, on emulated devices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "engine/base/error.h"
#include "tests/parallel/emulated_nccl.h"
#include "tests/parallel/nccl_world.h"

namespace cloze::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<RankOutcome> with_fault(int size, const DeviceBody& body, const NcclFault& fault) {
  const NcclBoard board(size, fault);
  return on_devices(size, body, [&](int rank) {
    return NcclOptions{.open = board.opener(rank), .connect_within = milliseconds(500)};
  });
}

const DeviceBody goes_on_alone = [](Rank&) -> std::vector<double> {
  ADD_FAILURE() << "it went on alone";
  return {};
};

TEST(NcclConnecting, WhereOneRankHasNoLibraryAllSaySo) {
  for (const RankOutcome& outcome : with_fault(3, goes_on_alone, {NcclFault::Kind::no_library, 1}))
    EXPECT_THAT(outcome.fault, AllOf(HasSubstr("rank 1 cannot sum between GPUs"), HasSubstr("libnccl.so.2")));
}

TEST(NcclConnecting, RanksThatAreNotConnectedInTimeAreNamed) {
  for (const RankOutcome& outcome : with_fault(2, goes_on_alone, {NcclFault::Kind::hang, 1, 0}))
    EXPECT_THAT(outcome.fault, AllOf(HasSubstr("did not connect all ranks"),
                                     HasSubstr("rank 1: still not connected after 0.5 s"),
                                     HasSubstr("NCCL_DEBUG"), Not(HasSubstr("rank 0: "))));
}

TEST(NcclConnecting, AnErrorIsToldToAll) {
  for (const RankOutcome& outcome : with_fault(2, goes_on_alone, {NcclFault::Kind::error, 1, 0}))
    EXPECT_THAT(outcome.fault, HasSubstr("rank 1: unhandled system error"));
}

TEST(NcclConnecting, ARankThatIsLostIsNamed) {
  const auto outcomes = with_fault(3, goes_on_alone, {NcclFault::Kind::lost, 1, 0});
  EXPECT_THAT(outcomes[1].fault, HasSubstr("exit code 9"));
  for (const size_t rank : {0u, 2u}) EXPECT_THAT(outcomes[rank].fault, HasSubstr("rank 1 ("));
}

// In the call itself, which does not return: it never comes to say how it went.
TEST(NcclConnecting, ARankThatHangsInTheCallIsNamed) {
  const auto outcomes = with_fault(2, goes_on_alone, {NcclFault::Kind::stuck, 1, 0});
  EXPECT_THAT(outcomes[0].fault, AllOf(HasSubstr("rank 1 ("), HasSubstr("no progress for 2 s")));
}

// The third of ten sums.
constexpr int64_t third_sum = 3;
const DeviceBody ten_sums = [](Rank& own) -> std::vector<double> {
  DeviceFloats values(own.device, numbers_of(0, 100));
  const auto sum = own.ranks.all_reduce(values.span());
  for (int step = 0; step < 10; ++step) {
    run(*sum);
    values.get();
  }
  own.ranks.barrier();
  return {};
};

TEST(NcclErrors, OneThatNcclReportsByItselfEndsAllRanksAndNamesTheFirst) {
  const auto outcomes = with_fault(3, ten_sums, {NcclFault::Kind::error, 1, third_sum});
  for (const RankOutcome& outcome : outcomes)
    EXPECT_THAT(outcome.fault, HasSubstr("NCCL: unhandled system error"));
  for (const size_t rank : {0u, 2u}) EXPECT_THAT(outcomes[rank].fault, HasSubstr("rank 1 ("));
}

TEST(NcclErrors, ACollectiveThatHangsOnTheDeviceEndsWithAbort) {
  const DeviceBody body = [](Rank& own) -> std::vector<double> {
    std::thread somebody([&] {
      std::this_thread::sleep_for(milliseconds(300));
      if (own.ranks.rank() == 0) own.ranks.abort("somebody pulled the plug");
    });
    try {
      ten_sums(own);
    } catch (...) {
      somebody.join();
      throw;
    }
    somebody.join();
    return {};
  };
  for (const RankOutcome& outcome : with_fault(2, body, {NcclFault::Kind::hang, 1, third_sum}))
    EXPECT_THAT(outcome.fault, ::testing::AnyOf(HasSubstr("failed: somebody pulled the plug"),
                                                HasSubstr("the job was aborted")));
}

// Of the stand-in: it shows where ranks do not do the same.
TEST(EmulatedNccl, RanksThatSumDifferentThingsFail) {
  const DeviceBody body = [](Rank& own) -> std::vector<double> {
    DeviceFloats values(own.device, numbers_of(0, 100 + own.ranks.rank()));
    run(*own.ranks.all_reduce(values.span()));
    values.get();
    own.ranks.barrier();
    return {};
  };
  for (const RankOutcome& outcome : with_fault(2, body, {}))
    EXPECT_THAT(outcome.fault, HasSubstr("unhandled system error"));
}

}  // namespace
}  // namespace cloze::testing
