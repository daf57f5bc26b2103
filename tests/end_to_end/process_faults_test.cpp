// Processes that are killed, stopped, told to stop, or never come: the job ends with a message that names
// them, or goes on from the last checkpoint to the same weights.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>
#include <regex>
#include <thread>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/world.h"

namespace cloze::end_to_end {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

const std::vector<std::string> long_run{
    "training.steps=400", "checkpoint.every=20", "evaluation.every=200",  "log.every=10",
    "log.examples=0",     "cluster.timeout=3",   "cluster.hang_timeout=5"};

Arguments launch_call(const fs::path& output, const std::vector<std::string>& flags = {},
                      std::vector<std::string> settings = {}) {
  settings.insert(settings.begin(), long_run.begin(), long_run.end());
  Arguments call = pretrain_call(output, settings, flags);
  call.front() = "launch";
  call.insert(call.end(), {"--processes", "3"});
  return call;
}

// The process ids of the ranks, as the last start has logged them.
std::vector<pid_t> ranks_of(const Process& job) {
  static const std::regex line("rank (\\d+): host \\S+, process (\\d+),");
  const std::string log = job.log();
  std::vector<pid_t> processes(3);
  for (std::sregex_iterator found(log.begin(), log.end(), line), end; found != end; ++found)
    processes.at(static_cast<size_t>(std::stoi((*found)[1]))) = std::stoi((*found)[2]);
  return processes;
}

class ProcessFaults : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    undisturbed_ = World::get() / "three-undisturbed";
    ASSERT_THAT(run(launch_call(undisturbed_)), ExitsWith(0));
  }
  static inline fs::path undisturbed_;
  const ScratchFolder scratch_;
};

TEST_F(ProcessFaults, AKilledRankIsNamed) {
  Process job(launch_call(scratch_ / "run"));
  job.wait_for_log("step 30/400");
  const pid_t killed = ranks_of(job)[1];
  ::kill(killed, SIGKILL);
  const Outcome outcome = job.wait();
  EXPECT_THAT(outcome, ExitsWith(128 + SIGKILL));
  const std::string process = "process " + std::to_string(killed);
  EXPECT_THAT(outcome.log, AllOf(HasSubstr("rank 1 (" + process + ") was killed by signal 9"),
                                 HasSubstr(process + ") is gone: its connection was closed")));
  for (const pid_t rank : ranks_of(job)) EXPECT_NE(::kill(rank, 0), 0) << "a rank was left behind";
}

// CLOZE_KILLS asks for more kills than a quick check makes.
int kills_asked() {
  const char* asked = std::getenv("CLOZE_KILLS");
  return asked == nullptr ? 4 : std::atoi(asked);
}

TEST_F(ProcessFaults, KilledAtRandomMomentsItEndsInTheSameBytes) {
  std::mt19937 random(20181011);
  int killed = 0;
  for (int run = 0; killed < kills_asked(); ++run) {
    const fs::path output = scratch_ / ("run-" + std::to_string(run));
    Process job(launch_call(output, {"--max-restarts", "1000"}),
                {.patience = std::chrono::seconds(120 + 10 * kills_asked())});
    while (!job.ends_within(milliseconds(random() % 1500)) && killed < kills_asked()) {
      const pid_t victim = ranks_of(job)[random() % 3];
      if (victim > 0 && ::kill(victim, SIGKILL) == 0) ++killed;
    }
    ASSERT_THAT(job.wait(), ExitsWith(0));
    EXPECT_TRUE(final_state(output) == final_state(undisturbed_)) << "other bytes in run " << run;
    EXPECT_EQ(training_losses(output), training_losses(undisturbed_));
  }
}

TEST_F(ProcessFaults, AStoppedRankIsNamedWithinTheTimeout) {
  for (const size_t rank : {size_t{0}, size_t{2}}) {
    Process job(launch_call(scratch_ / ("run-" + std::to_string(rank))));
    job.wait_for_log("step 20/400");
    ::kill(ranks_of(job)[rank], SIGSTOP);
    const auto began = std::chrono::steady_clock::now();
    const std::string said =
        rank == 0 ? "rank 0 has not been heard from for 3 s" : ") has not been heard from for 3 s";
    job.wait_for_log(said);
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
    const Outcome outcome = job.wait();
    EXPECT_THAT(outcome, ExitsWith(1));
    EXPECT_THAT(outcome.log, HasSubstr("the job ends: rank " + std::to_string(rank)));
  }
}

// Stopped four fifths of the time. The model is large enough for computing to be most of a step.
TEST_F(ProcessFaults, ASlowRankIsNamed) {
  Process job(
      launch_call(scratch_ / "run", {},
                  {"training.steps=100000", "model.hidden_size=128", "model.layers=2", "batch.sequences=48",
                   "checkpoint.every=0", "evaluation.every=100000", "log.every=50"}));
  job.wait_for_log("step 50/100,000");
  const pid_t slow = ranks_of(job)[1];
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (job.log().find("rank 1 is slow (host ") == std::string::npos &&
         std::chrono::steady_clock::now() < until) {
    ::kill(slow, SIGSTOP);
    EXPECT_FALSE(job.ends_within(milliseconds(80)));
    ::kill(slow, SIGCONT);
    EXPECT_FALSE(job.ends_within(milliseconds(20)));
  }
  EXPECT_THAT(job.log(), HasSubstr("rank 1 is slow (host "));
}

TEST_F(ProcessFaults, TerminateToOneRankSavesOnAll) {
  const fs::path output = scratch_ / "run";
  Process job(launch_call(output));
  job.wait_for_log("step 30/400");
  ::kill(ranks_of(job)[2], SIGTERM);
  const Outcome stopped = job.wait();
  ASSERT_THAT(stopped, ExitsWith(128 + SIGTERM));
  const int64_t step = checkpoint_steps(output).back();
  EXPECT_GE(step, 30);
  EXPECT_LT(step, 400);
  EXPECT_THAT(stopped.log, HasSubstr("stopped by signal 15 at step " + std::to_string(step)));
  ASSERT_THAT(run(launch_call(output, {"--resume"})), ExitsWith(0));
  EXPECT_TRUE(final_state(output) == final_state(undisturbed_));
}

TEST_F(ProcessFaults, InterruptToTheLauncherSavesOnAll) {
  const fs::path output = scratch_ / "run";
  Process job(launch_call(output, {"--max-restarts", "3"}));
  job.wait_for_log("step 30/400");
  job.send(SIGINT);
  const Outcome stopped = job.wait();
  ASSERT_THAT(stopped, ExitsWith(128 + SIGINT));
  EXPECT_THAT(stopped.log,
              HasSubstr("stopped by signal 2 at step " + std::to_string(checkpoint_steps(output).back())));
}

TEST_F(ProcessFaults, WhenTheLauncherIsKilledTheRanksEnd) {
  Process job(launch_call(scratch_ / "run"));
  job.wait_for_log("step 20/400");
  const std::vector<pid_t> ranks = ranks_of(job);
  job.send(SIGKILL);
  job.wait();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (const pid_t rank : ranks) {
    while (::kill(rank, 0) == 0 && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(milliseconds(20));
    EXPECT_NE(::kill(rank, 0), 0) << "a rank was left behind";
  }
}

// Rank 0 fails before it can be met: the others hear of it from the launcher, long before start_timeout.
TEST_F(ProcessFaults, WhenRank0FailsAtItsStartTheOthersHearOfIt) {
  const fs::path output = scratch_ / "run";
  ASSERT_THAT(run(pretrain_call(output, {"training.steps=1"})), ExitsWith(0));
  const auto began = std::chrono::steady_clock::now();
  const Outcome outcome = run(launch_call(output));  // the folder is not empty: rank 0 alone looks at it
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(60));
  EXPECT_THAT(outcome, ExitsWith(2));
  EXPECT_THAT(outcome.log, HasSubstr("not empty"));
  for (const char* log : {"rank-1.txt", "rank-2.txt"})
    EXPECT_THAT(read_file(output / "logs" / log),
                AllOf(HasSubstr("the job ends before all ranks have met: rank 0 (process "),
                      HasSubstr("ended with exit code 2")));
}

TEST_F(ProcessFaults, ARankThatNeverComesIsNamed) {
  const Outcome outcome =
      run(pretrain_call(scratch_ / "run", {"cluster.start_timeout=1"}),
          {.environment = {"RANK=0", "WORLD_SIZE=3", "MASTER_ADDR=127.0.0.1", "MASTER_PORT=19871"}});
  EXPECT_THAT(outcome, ExitsWith(1));
  EXPECT_THAT(outcome.log, HasSubstr("ranks 1, 2 of 3 did not appear within 1 s"));
}

// Every file may have so many bytes: checkpoints do not fit, logs and metrics do.
TEST_F(ProcessFaults, ACheckpointThatCannotBeWrittenEndsTheJobOnlyAtTheEnd) {
  const Outcome outcome =
      run(launch_call(scratch_ / "run", {}, {"training.steps=60"}), {.file_limit = uint64_t{100'000}});
  EXPECT_THAT(outcome, ExitsWith(1));
  EXPECT_THAT(outcome.log, AllOf(HasSubstr("the checkpoint of step 20 could not be written, the run goes on"),
                                 HasSubstr("step 60/60")));
}

}  // namespace
}  // namespace cloze::end_to_end
