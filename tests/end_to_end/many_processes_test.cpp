// Several processes that train together give what one process gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <memory>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/many_processes.h"

namespace cloze::end_to_end {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ManyProcesses : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    alone_ = World::get() / "one-process";
    ASSERT_THAT(run(pretrain_call(alone_, fifty_steps())), ExitsWith(0));
    two_ = World::get() / "two-processes";
    ASSERT_THAT(run(launch_call(2, two_, fifty_steps())), ExitsWith(0));
  }
  static inline fs::path alone_, two_;
};

TEST_F(ManyProcesses, TwoHaveTheLossesOfOne) {
  ASSERT_EQ(training_losses(alone_).size(), 50u);
  EXPECT_LT(training_losses(alone_).at(50), 0.9 * training_losses(alone_).at(1)) << "nothing was learnt";
  expect_close(training_losses(two_), training_losses(alone_));
}

TEST_F(ManyProcesses, FourHaveTheLossesOfOneWithAndWithoutOverlap) {
  const ScratchFolder scratch;
  ASSERT_THAT(run(launch_call(4, scratch / "overlap", fifty_steps())), ExitsWith(0));
  ASSERT_THAT(run(launch_call(4, scratch / "after", and_also(fifty_steps(), {"cluster.overlap=false"}))),
              ExitsWith(0));
  expect_close(training_losses(scratch / "overlap"), training_losses(alone_));
  EXPECT_TRUE(final_state(scratch / "overlap") == final_state(scratch / "after"))
      << "overlap changed the sums";
}

TEST_F(ManyProcesses, LambHasTheLossesOfOne) {
  const ScratchFolder scratch;
  const auto settings = and_also(fifty_steps(), {"optimizer.kind=lamb", "training.steps=20"});
  ASSERT_THAT(run(pretrain_call(scratch / "one", settings)), ExitsWith(0));
  ASSERT_THAT(run(launch_call(3, scratch / "three", settings)), ExitsWith(0));
  expect_close(training_losses(scratch / "three"), training_losses(scratch / "one"));
}

// Sums are rounded on their way, so losses differ, but little; and all ranks go on from the same bits.
TEST_F(ManyProcesses, GradientsThatTravelAsBfloat16) {
  const ScratchFolder scratch;
  const auto narrow = and_also(fifty_steps(), {"cluster.reduction=bf16"});
  ASSERT_THAT(run(launch_call(2, scratch / "two", narrow)), ExitsWith(0));
  ASSERT_THAT(run(launch_call(2, scratch / "again", narrow)), ExitsWith(0));
  const auto losses = training_losses(scratch / "two"), expected = training_losses(alone_);
  ASSERT_EQ(losses.size(), expected.size());
  double difference = 0;
  for (const auto& [step, loss] : expected)
    difference = std::max(difference, std::abs(losses.at(step) - loss) / loss);
  EXPECT_GT(difference, 2e-6) << "nothing was rounded";
  EXPECT_LT(difference, 5e-3);
  EXPECT_TRUE(final_state(scratch / "two") == final_state(scratch / "again"));
}

TEST_F(ManyProcesses, TheProcessesAreNamedAndLogged) {
  const std::string log = read_file(two_ / "log.txt");
  EXPECT_THAT(log,
              AllOf(HasSubstr("rank 0 of 2, as cloze launch (CLOZE_RANK) says"), HasSubstr("rank 0: host "),
                    HasSubstr("rank 1: host "), HasSubstr("CPU, 1 threads")));
  EXPECT_THAT(read_file(two_ / "logs" / "rank-0.txt"), HasSubstr("done: 50 steps"));
}

// RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, as other launchers set them.
std::unique_ptr<Process> start_rank(int rank, int port, const Arguments& call) {
  return std::make_unique<Process>(
      call, Surroundings{.environment = {"RANK=" + std::to_string(rank), "WORLD_SIZE=2",
                                         "MASTER_ADDR=127.0.0.1", "MASTER_PORT=" + std::to_string(port)}});
}

// A port that is free, most likely: no other test asks for one in this range.
int some_port() {
  static int next = 20'000 + static_cast<int>(::getpid() % 10'000);
  return next++;
}

TEST_F(ManyProcesses, StartedByEnvironmentVariables) {
  const ScratchFolder scratch;
  const int port = some_port();
  const auto one = start_rank(1, port, pretrain_call(scratch / "run", fifty_steps()));
  const auto zero = start_rank(0, port, pretrain_call(scratch / "run", fifty_steps()));
  EXPECT_THAT(zero->wait(), ExitsWith(0));
  EXPECT_THAT(one->wait(), ExitsWith(0));
  EXPECT_TRUE(final_state(scratch / "run") == final_state(two_));
}

TEST_F(ManyProcesses, StartedByMpirun) {
  if (std::system("mpirun --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "mpirun is not installed";
  const ScratchFolder scratch;
  const Outcome outcome = run(pretrain_call(scratch / "run", fifty_steps()),
                              {.before = {"mpirun", "--allow-run-as-root", "--oversubscribe", "-np", "2"}});
  ASSERT_THAT(outcome, ExitsWith(0));
  EXPECT_THAT(outcome.log, HasSubstr("rank 0 of 2, as mpirun (OMPI_COMM_WORLD_*) says"));
  EXPECT_TRUE(final_state(scratch / "run") == final_state(two_));
}

TEST_F(ManyProcesses, SavedOnFourGoesOnOnOneAndTwo) {
  const ScratchFolder scratch;
  const auto half = and_also(fifty_steps(), {"training.steps=25"});
  ASSERT_THAT(run(pretrain_call(scratch / "alone", half)), ExitsWith(0));
  ASSERT_THAT(run(pretrain_call(scratch / "alone", fifty_steps(), {"--resume"})), ExitsWith(0));
  ASSERT_THAT(run(launch_call(4, scratch / "on-one", half)), ExitsWith(0));
  fs::copy(scratch / "on-one", scratch / "on-two",
           fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  ASSERT_THAT(run(pretrain_call(scratch / "on-one", fifty_steps(), {"--resume"})), ExitsWith(0));
  ASSERT_THAT(run(launch_call(2, scratch / "on-two", fifty_steps(), {"--resume"})), ExitsWith(0));
  for (const char* name : {"on-one", "on-two"}) {
    SCOPED_TRACE(name);
    EXPECT_THAT(checkpoint_steps(scratch / name), ElementsAre(25, 50));
    expect_close(training_losses(scratch / name), training_losses(scratch / "alone"));
  }
}

TEST_F(ManyProcesses, AnotherConfigurationOnOneRankIsRefused) {
  const ScratchFolder scratch;
  const int port = some_port();
  const auto zero = start_rank(0, port, pretrain_call(scratch / "run"));
  const auto one = start_rank(1, port, pretrain_call(scratch / "run", {"seed=2"}));
  const Outcome of_zero = zero->wait(), of_one = one->wait();
  EXPECT_THAT(of_zero, ExitsWith(1));
  EXPECT_THAT(of_zero.log, AllOf(HasSubstr("rank 1 (host"), HasSubstr("another configuration")));
  EXPECT_THAT(of_one, ExitsWith(2));
  EXPECT_THAT(of_one.log, HasSubstr("another configuration"));
}

// All ranks skip the same steps, and the one that saw it first is named.
TEST_F(ManyProcesses, GradientsThatAreNotFinite) {
  const ScratchFolder scratch;
  const Outcome outcome = run(launch_call(
      2, scratch / "run", {"optimizer.learning_rate=1e30", "training.max_skipped_steps=2", "log.every=1"}));
  EXPECT_THAT(outcome, ExitsWith(1));
  EXPECT_THAT(outcome.log,
              AllOf(HasSubstr("a gradient is not finite; first seen in linear in encoder.layer.0"),
                    HasSubstr("(rank 0); the step is skipped (2 in a row)"),
                    HasSubstr("3 steps in a row were skipped")));
}

TEST_F(ManyProcesses, TooFewSequencesForTheProcesses) {
  const ScratchFolder scratch;
  const Outcome outcome = run(launch_call(3, scratch / "run", {"batch.sequences=2"}));
  EXPECT_EQ(outcome.exit_code, 2) << testing::PrintToString(outcome);
  EXPECT_THAT(outcome.log, HasSubstr("each of 3 processes needs at least one"));
}

TEST_F(ManyProcesses, TheReferenceDeviceIsForOne) {
  const ScratchFolder scratch;
  const Outcome outcome = run(launch_call(2, scratch / "run", {"device=reference"}));
  EXPECT_THAT(outcome, ExitsWith(2));
  EXPECT_THAT(outcome.log, HasSubstr("the reference device computes in one process only"));
}

}  // namespace
}  // namespace cloze::end_to_end
