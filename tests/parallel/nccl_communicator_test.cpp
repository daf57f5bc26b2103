// The NCCL communicator, one process a rank: on emulated devices with the stand-in for NCCL, and once more on
// a GPU with NCCL itself (nccl_world.h).
#include "engine/parallel/nccl_communicator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "engine/base/error.h"
#include "kernels/common/cuda_graph.h"
#include "kernels/elementwise/elementwise.h"
#include "tests/parallel/nccl_world.h"

namespace cloze::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

float rounded(float value) {
  return to_float(to_bfloat16(value));
}

// In the order of ranks; for bf16 rounded before and after each addition.
std::vector<float> expected_sum(int size, int64_t count, Wire wire) {
  std::vector<float> sum;
  for (int rank = 0; rank < size; ++rank) {
    std::vector<float> values = numbers_of(rank, count);
    if (wire == Wire::bf16) std::transform(values.begin(), values.end(), values.begin(), rounded);
    if (sum.empty()) sum.assign(values.size(), 0);
    for (size_t i = 0; i < sum.size(); ++i) {
      sum[i] = rank == 0 ? values[i] : sum[i] + values[i];
      if (wire == Wire::bf16) sum[i] = rounded(sum[i]);
    }
  }
  return sum;
}

// Sums of numbers as numbers_of gives them, times `factor`; in another order of additions to rounding.
void expect_sums(const std::vector<float>& actual, const std::vector<float>& expected, int size, Wire wire) {
  if (adds_in_order_of_ranks()) {
    EXPECT_EQ(actual, expected);
    return;
  }
  ASSERT_EQ(actual.size(), expected.size());
  const double allowed = size * std::ldexp(wire == Wire::bf16 ? 0x1p-7 : 0x1p-22, size + 2);
  for (size_t i = 0; i < actual.size(); ++i) ASSERT_NEAR(actual[i], expected[i], allowed) << i;
}

std::vector<float> part(const std::vector<float>& values, const Share& share) {
  return {values.begin() + share.begin, values.begin() + share.end};
}

// Shares of one size, shares of different sizes, some of them empty, and nothing.
std::vector<int64_t> counts_for(int size) {
  return {share_alignment * size, 64 * share_alignment * size, 1, 17, 3000, 0};
}

class NcclRanks : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Sizes, NcclRanks, ::testing::Values(1, 2, 3, 4));

TEST_P(NcclRanks, SumsAreThoseOfAllRanksEachTime) {
  const int size = GetParam();
  expect_no_faults(on_devices(size, [&](Rank& own) -> std::vector<double> {
    for (const Wire wire : {Wire::f32, Wire::bf16}) {
      for (const int64_t count : counts_for(size)) {
        SCOPED_TRACE(count);
        const std::vector<float> mine = numbers_of(own.ranks.rank(), count),
                                 sum = expected_sum(size, count, wire);
        DeviceFloats values(own.device, mine);
        const auto all = own.ranks.all_reduce(values.span(), wire),
                   shares = own.ranks.reduce_scatter(values.span(), wire);
        const Share share = share_of(count, own.ranks.rank(), size);
        for (int again = 0; again < 2; ++again) {
          values.set(mine);
          run(*all);
          expect_sums(values.get(), sum, size, wire);
          values.set(mine);
          run(*shares);
          expect_sums(part(values.get(), share), part(sum, share), size, wire);
        }
      }
    }
    return {};
  }));
}

TEST_P(NcclRanks, GatherAndBroadcast) {
  const int size = GetParam();
  expect_no_faults(on_devices(size, [&](Rank& own) -> std::vector<double> {
    for (const int64_t count : counts_for(size)) {
      SCOPED_TRACE(count);
      const std::vector<float> whole = numbers_of(9, count);
      std::vector<float> mine(whole.size(), -1);
      const Share share = share_of(count, own.ranks.rank(), size);
      std::copy(whole.begin() + share.begin, whole.begin() + share.end, mine.begin() + share.begin);
      DeviceFloats values(own.device, mine);
      run(*own.ranks.all_gather(values.span()));
      EXPECT_EQ(values.get(), whole);
      for (int root = 0; root < size; ++root) {
        values.set(numbers_of(own.ranks.rank(), count));
        run(*own.ranks.broadcast(std::as_writable_bytes(values.span()), root));
        EXPECT_EQ(values.get(), numbers_of(root, count));
      }
    }
    return {};
  }));
}

// values = 2 · values, then the sum of both over all ranks, then 2 · again: what is ordered too loosely shows
// in the numbers.
struct Pipeline {
  Pipeline(Rank& own, Wire wire)
      : rank(own),
        first(own.device, numbers_of(own.ranks.rank(), 3000)),
        second(own.device, numbers_of(own.ranks.rank(), 160)),
        sum_of_first(own.ranks.all_reduce(first.span(), wire)),
        sum_of_second(own.ranks.reduce_scatter(second.span(), wire)),
        all_of_second(own.ranks.all_gather(second.span())) {}
  void reset() {
    first.set(numbers_of(rank.ranks.rank(), 3000));
    second.set(numbers_of(rank.ranks.rank(), 160));
  }
  void launch() {
    twice(first);
    sum_of_first->start();
    twice(second);
    sum_of_second->start();
    sum_of_second->wait();
    twice(second);
    all_of_second->start();
    rank.ranks.wait_for_all();
    twice(first);
    twice(second);
  }
  void twice(const DeviceFloats& values) {
    add(rank.device, {values.tensor(), values.tensor(), values.tensor()});
  }

  Rank& rank;
  DeviceFloats first, second;
  std::unique_ptr<Collective> sum_of_first, sum_of_second, all_of_second;
};

void expect_results(const Pipeline& pipeline, int size, Wire wire) {
  std::vector<float> first = pipeline.first.get(), second = pipeline.second.get();
  for (float& value : first) value /= 4;
  for (float& value : second) value /= 8;
  expect_sums(first, expected_sum(size, 3000, wire), size, wire);
  expect_sums(second, expected_sum(size, 160, wire), size, wire);
}

TEST_P(NcclRanks, CollectivesAreOrderedWithTheWorkAround) {
  const int size = GetParam();
  expect_no_faults(on_devices(size, [&](Rank& own) -> std::vector<double> {
    for (uint64_t order = 0; order < stream_orders(); ++order) {
      SCOPED_TRACE(order);
      set_stream_order(order);
      for (const Wire wire : {Wire::f32, Wire::bf16}) {
        Pipeline pipeline(own, wire);
        pipeline.launch();
        expect_results(pipeline, size, wire);
      }
    }
    return {};
  }));
}

TEST_P(NcclRanks, ARecordedStepHoldsItsCollectives) {
  const int size = GetParam();
  expect_no_faults(on_devices(size, [&](Rank& own) -> std::vector<double> {
    for (uint64_t order = 0; order < stream_orders(); ++order) {
      SCOPED_TRACE(order);
      set_stream_order(order);
      for (const Wire wire : {Wire::f32, Wire::bf16}) {
        Pipeline pipeline(own, wire);
        pipeline.launch();  // NCCL connects what a collective needs when it first runs
        CudaGraph graph;
        graph.record(own.device, [&] { pipeline.launch(); });
        for (int again = 0; again < 3; ++again) {
          pipeline.reset();
          own.ranks.before_run();
          graph.replay(own.device);
          expect_results(pipeline, size, wire);
        }
        // Between replays a communicator goes on as before.
        pipeline.reset();
        pipeline.launch();
        expect_results(pipeline, size, wire);
      }
    }
    return {};
  }));
}

TEST(Nccl, ARecordingThatDoesNotWaitForItsCollectivesIsRefused) {
  expect_no_faults(on_devices(2, [](Rank& own) -> std::vector<double> {
    DeviceFloats values(own.device, numbers_of(0, 100));
    const auto sum = own.ranks.all_reduce(values.span());
    CudaGraph graph;
    EXPECT_THROW(graph.record(own.device, [&] { sum->start(); }), CudaError);
    own.ranks.wait_for_all();
    return {};
  }));
}

TEST_P(NcclRanks, BarrierAndExchange) {
  const int size = GetParam();
  expect_no_faults(on_devices(size, [&](Rank& own) -> std::vector<double> {
    EXPECT_EQ(own.ranks.size(), size);
    own.ranks.barrier();
    for (int again = 0; again < 3; ++again) {
      const auto texts = own.ranks.exchange("text " + std::to_string(own.ranks.rank()) + "\n\"");
      if (texts.size() != static_cast<size_t>(size)) throw Error({.what = "not all have spoken"});
      for (int rank = 0; rank < size; ++rank)
        EXPECT_EQ(texts[static_cast<size_t>(rank)], "text " + std::to_string(rank) + "\n\"");
    }
    EXPECT_GT(own.ranks.seconds_waited(), 0);
    return {};
  }));
}

// What goes wrong while others wait. Each reads what it has summed, as training reads its losses.

void take_steps(Rank& own, const std::function<void(int step)>& before) {
  DeviceFloats values(own.device, numbers_of(0, 100));
  const auto sum = own.ranks.all_reduce(values.span());
  for (int step = 0; step < 10; ++step) {
    before(step);
    own.ranks.before_run();
    sum->start();
    own.ranks.wait_for_all();
    values.get();
  }
  own.ranks.barrier();
}

TEST(NcclFaults, WhereARankIsLostTheOthersLeaveTheCollectiveAndNameIt) {
  const auto outcomes = on_devices(2, [](Rank& own) -> std::vector<double> {
    take_steps(own, [&](int step) {
      if (step == 3 && own.ranks.rank() == 1) ::_exit(9);
    });
    return {};
  });
  EXPECT_THAT(outcomes[1].fault, HasSubstr("exit code 9"));
  EXPECT_THAT(outcomes[0].fault, HasSubstr("rank 1 ("));
}

// Replays a recorded sum; rank 1 is lost before the fourth time. `caught`: what is done about the error while
// the recorded step still lives.
std::vector<double> replay_and_lose_a_rank(Rank& own, const std::function<void(const Error&)>& caught) {
  DeviceFloats values(own.device, numbers_of(0, 100));
  const auto sum = own.ranks.all_reduce(values.span());
  run(*sum);
  CudaGraph graph;
  graph.record(own.device, [&] { run(*sum); });
  try {
    for (int step = 0; step < 10; ++step) {
      if (step == 3 && own.ranks.rank() == 1) ::_exit(9);
      own.ranks.before_run();
      graph.replay(own.device);
      values.get();
    }
  } catch (const Error& error) {
    caught(error);
    throw;
  }
  return {};
}

// A replayed graph calls nothing of the communicator; the host learns it before the next.
TEST(NcclFaults, AReplayedStepEndsTooAndNoOtherFollows) {
  const auto outcomes =
      on_devices(2, [](Rank& own) { return replay_and_lose_a_rank(own, [](const Error&) {}); });
  EXPECT_THAT(outcomes[0].fault, HasSubstr("rank 1 ("));
}

// Whoever catches the error says so to the others before its recorded steps are gone.
TEST(NcclFaults, TheJobCanBeAbortedWhileARecordedStepLives) {
  const auto outcomes = on_devices(2, [](Rank& own) {
    return replay_and_lose_a_rank(own, [&](const Error& error) {
      std::this_thread::sleep_for(milliseconds(300));  // the watcher aborts meanwhile
      own.ranks.abort(error.what());
    });
  });
  EXPECT_THAT(outcomes[0].fault, HasSubstr("rank 1 ("));
}

TEST(NcclFaults, ACollectiveThatWaitsEndsWithAbort) {
  const auto outcomes = on_devices(2, [](Rank& own) -> std::vector<double> {
    std::thread somebody([&] {
      std::this_thread::sleep_for(milliseconds(700));
      if (own.ranks.rank() == 0) own.ranks.abort("somebody pulled the plug");
    });
    try {
      take_steps(own, [&](int step) {
        if (step == 3 && own.ranks.rank() == 1) std::this_thread::sleep_for(milliseconds(1400));
      });
    } catch (...) {
      somebody.join();
      EXPECT_THROW(own.ranks.before_run(), Error);
      EXPECT_THROW(own.ranks.wait_for_all(), Error);
      throw;
    }
    somebody.join();
    return {};
  });
  for (const RankOutcome& outcome : outcomes)
    EXPECT_THAT(outcome.fault, ::testing::AnyOf(HasSubstr("failed: somebody pulled the plug"),
                                                HasSubstr("the job was aborted")));
}

TEST(NcclFaults, ARankWhoseHostHangsIsNamed) {
  const auto outcomes = on_devices(2, [](Rank& own) -> std::vector<double> {
    take_steps(own, [&](int step) {
      if (step == 3 && own.ranks.rank() == 1) std::this_thread::sleep_for(short_patience.hang + seconds(3));
    });
    return {};
  });
  for (const RankOutcome& outcome : outcomes)
    EXPECT_THAT(outcome.fault, AllOf(HasSubstr("rank 1 ("), HasSubstr("no progress for 2 s")));
}

TEST(NcclFaults, ARankThatLeavesInTheMiddleOfAStepIsNamed) {
  const auto outcomes = on_devices(2, [](Rank& own) -> std::vector<double> {
    DeviceFloats values(own.device, numbers_of(0, 100));
    const auto sum = own.ranks.all_reduce(values.span());
    sum->start();
    if (own.ranks.rank() == 1) throw Error({.what = "the disk is full"});
    sum->wait();
    take_steps(own, [](int) {});
    return {};
  });
  EXPECT_EQ(outcomes[1].fault, "the disk is full");
  EXPECT_THAT(outcomes[0].fault, AllOf(HasSubstr("rank 1 ("), HasSubstr("in the middle of a step")));
}

}  // namespace
}  // namespace cloze::testing
