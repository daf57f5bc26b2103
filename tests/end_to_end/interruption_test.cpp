// Runs that are killed or told to stop end in the same bytes as one that is left alone: across a change of
// sequence length, ends of epochs, checkpoints and evaluations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>

#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/world.h"

namespace cloze::end_to_end {
namespace {

using std::chrono::microseconds;
using testing::HasSubstr;

// Two phases on a corpus whose epochs last some ten steps. log.every divides checkpoint.every, so that the
// metrics of a resumed run cover the same intervals.
std::vector<std::string> long_run() {
  return {"data.train=" + (World::get() / "little").string(),
          "training.steps=600",
          "training.phases=[{steps: 300, max_sequence_length: 16, max_predictions: 3}, "
          "{steps: 300, max_sequence_length: 32, max_predictions: 5, batch: {tokens: 200}}]",
          "batch.micro_batch_tokens=100",
          "checkpoint.every=20",
          "evaluation.every=150",
          "log.every=10",
          "log.examples=0"};
}

class Interruption : public testing::Test {
 protected:
  // The run that is left alone, once for all tests.
  static void SetUpTestSuite() {
    folder_ = World::get() / "uninterrupted";
    const auto begun = std::chrono::steady_clock::now();
    ASSERT_THAT(run(pretrain_call(folder_, long_run())), ExitsWith(0));
    duration_ = std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - begun);
  }
  static void expect_same_end(const std::filesystem::path& other) {
    EXPECT_TRUE(final_state(other) == final_state(folder_)) << other << ": other bytes";
    EXPECT_EQ(training_losses(other), training_losses(folder_));
  }
  static void expect_stops_and_goes_on(int signal);

  static inline std::filesystem::path folder_;
  static inline microseconds duration_{};
};

TEST_F(Interruption, TheRunCrossesEpochsAndAPhase) {
  const auto losses = training_losses(folder_);
  ASSERT_EQ(losses.size(), 60u);
  EXPECT_LT(losses.at(600), losses.at(10));
  EXPECT_EQ(checkpoint_steps(folder_).back(), 600);
}

// CLOZE_KILLS asks for more kills than a quick check makes.
int kills_asked() {
  const char* asked = std::getenv("CLOZE_KILLS");
  return asked == nullptr ? 6 : std::atoi(asked);
}

TEST_F(Interruption, KilledAtAnyMoment) {
  const int kills = kills_asked();
  ASSERT_GT(kills, 0) << "CLOZE_KILLS";
  std::mt19937 random(20180524);
  std::uniform_int_distribution<int64_t> moment(0, duration_.count());
  const ScratchFolder scratch;
  int finished = 0;
  for (int killed = 0; killed < kills;) {
    const std::filesystem::path output = scratch / ("run-" + std::to_string(finished));
    Process process(pretrain_call(output, long_run(), {"--resume"}));
    if (process.ends_within(microseconds(moment(random)))) {
      ASSERT_THAT(process.wait(), ExitsWith(0));
      expect_same_end(output);
      ++finished;
      continue;
    }
    process.send(SIGKILL);
    const Outcome outcome = process.wait();
    ASSERT_TRUE(outcome.signal == SIGKILL || outcome.exit_code == 0) << testing::PrintToString(outcome);
    ++killed;
  }
  const std::filesystem::path last = scratch / ("run-" + std::to_string(finished));
  ASSERT_THAT(run(pretrain_call(last, long_run(), {"--resume"})), ExitsWith(0));
  expect_same_end(last);
}

void Interruption::expect_stops_and_goes_on(int signal) {
  const ScratchFolder scratch;
  const std::filesystem::path output = scratch / "run";
  Process process(pretrain_call(output, long_run()));
  process.wait_for_log("step 30/600");
  process.send(signal);
  const Outcome stopped = process.wait();
  ASSERT_THAT(stopped, ExitsWith(128 + signal));
  EXPECT_THAT(stopped.log, HasSubstr("stopped by signal " + std::to_string(signal)));
  const std::vector<int64_t> steps = checkpoint_steps(output);
  ASSERT_FALSE(steps.empty());
  EXPECT_GE(steps.back(), 30);
  EXPECT_LT(steps.back(), 600);
  EXPECT_THAT(stopped.log, HasSubstr("at step " + std::to_string(steps.back())));

  const Outcome resumed = run(pretrain_call(output, long_run(), {"--resume"}));
  ASSERT_THAT(resumed, ExitsWith(0));
  EXPECT_THAT(resumed.log, HasSubstr("going on at step " + std::to_string(steps.back())));
  EXPECT_TRUE(final_state(output) == final_state(folder_));
}

TEST_F(Interruption, StopsOnTerminate) {
  expect_stops_and_goes_on(SIGTERM);
}

TEST_F(Interruption, StopsOnInterrupt) {
  expect_stops_and_goes_on(SIGINT);
}

TEST_F(Interruption, ASecondWriterIsBarred) {
  const ScratchFolder scratch;
  const std::filesystem::path output = scratch / "run";
  Process first(pretrain_call(output, long_run()));
  first.wait_for_log("step 10/600");
  first.send(SIGSTOP);  // it must not end before the second has tried
  const Outcome second = run(pretrain_call(output, long_run(), {"--resume"}));
  const Outcome replacing = run(pretrain_call(output, long_run(), {"--overwrite"}));
  first.send(SIGCONT);
  EXPECT_THAT(second, ExitsWith(1));
  EXPECT_THAT(second.log, HasSubstr(output.string()));
  EXPECT_THAT(replacing, ExitsWith(1));
  ASSERT_THAT(first.wait(), ExitsWith(0));
  expect_same_end(output);
}

}  // namespace
}  // namespace cloze::end_to_end
