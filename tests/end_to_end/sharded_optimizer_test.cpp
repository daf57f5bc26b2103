// Processes that hold a share of the optimizer's moments each: the losses of one process, and checkpoints
// that any number of processes goes on from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/many_processes.h"

namespace cloze::end_to_end {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

std::vector<std::string> sharded(std::vector<std::string> settings) {
  settings.push_back("cluster.shard_optimizer=true");
  return settings;
}

struct RuleCase {
  std::string name;
  std::vector<std::string> settings;
};
class Sharded : public testing::TestWithParam<RuleCase> {};
INSTANTIATE_TEST_SUITE_P(Rules, Sharded,
                         testing::Values(RuleCase{"AdamW", {"optimizer.kind=adamw"}},
                                         RuleCase{"Lamb",
                                                  {"optimizer.kind=lamb", "optimizer.learning_rate=1e-2"}}),
                         [](const auto& instance) { return instance.param.name; });

TEST_P(Sharded, AnyNumberOfProcessesHasTheLossesOfOne) {
  const ScratchFolder scratch;
  const auto settings = and_also(fifty_steps(), GetParam().settings);
  ASSERT_THAT(run(pretrain_call(scratch / "one", settings)), ExitsWith(0));
  const auto expected = training_losses(scratch / "one");
  EXPECT_LT(expected.at(50), 0.95 * expected.at(1)) << "nothing was learnt";
  for (const int processes : {2, 3, 4}) {
    SCOPED_TRACE(processes);
    const fs::path output = scratch / std::to_string(processes);
    ASSERT_THAT(run(launch_call(processes, output, sharded(settings))), ExitsWith(0));
    expect_close(training_losses(output), expected);
  }
}

// A model of several buckets, each cut into shards that cut parameters.
TEST_P(Sharded, ManyBucketsHaveTheLossesOfOneProcess) {
  const ScratchFolder scratch;
  const auto settings = and_also(
      and_also(fifty_steps(), GetParam().settings),
      {"training.steps=12", "model.layers=2", "model.hidden_size=256", "model.intermediate_size=1024",
       "cluster.bucket_megabytes=1", "evaluation.every=100", "checkpoint.every=0"});
  ASSERT_THAT(run(pretrain_call(scratch / "one", settings)), ExitsWith(0));
  ASSERT_THAT(run(launch_call(3, scratch / "three", sharded(settings))), ExitsWith(0));
  expect_close(training_losses(scratch / "three"), training_losses(scratch / "one"));
}

// Sums, norms and updates do not depend on who holds what, but for the rounding of the norms.
TEST_P(Sharded, SavedOnFourItGoesOnOnAnyNumberWithAndWithoutShards) {
  const ScratchFolder scratch;
  const auto settings = and_also(fifty_steps(), GetParam().settings);
  const auto half = and_also(settings, {"training.steps=25"});
  ASSERT_THAT(run(pretrain_call(scratch / "alone", half)), ExitsWith(0));
  ASSERT_THAT(run(pretrain_call(scratch / "alone", settings, {"--resume"})), ExitsWith(0));
  const auto expected = training_losses(scratch / "alone");
  ASSERT_THAT(run(launch_call(4, scratch / "saved", sharded(half))), ExitsWith(0));
  const auto goes_on = [&](const std::string& name, const std::vector<std::string>& with, int processes) {
    SCOPED_TRACE(name);
    const fs::path output = scratch / name;
    fs::copy(scratch / "saved", output, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    const Arguments call = processes == 1 ? pretrain_call(output, with, {"--resume"})
                                          : launch_call(processes, output, with, {"--resume"});
    ASSERT_THAT(run(call), ExitsWith(0));
    EXPECT_THAT(checkpoint_steps(output), ElementsAre(25, 50));
    expect_close(training_losses(output), expected);
  };
  goes_on("on-one", settings, 1);
  goes_on("on-two", settings, 2);
  goes_on("on-two-sharded", sharded(settings), 2);
  goes_on("on-three-sharded", sharded(settings), 3);
}

// The same number of processes, stopped and resumed: every bit. The checkpoint in between is written while
// training goes on.
TEST(ShardedResume, EndsInTheSameBytes) {
  const ScratchFolder scratch;
  const auto settings = sharded(and_also(fifty_steps(), {"checkpoint.every=10"}));
  ASSERT_THAT(run(launch_call(3, scratch / "whole", settings)), ExitsWith(0));
  fs::copy(scratch / "whole", scratch / "cut", fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  fs::remove_all(scratch / "cut" / "checkpoints" / "step-50");
  fs::remove(scratch / "cut" / "latest");
  ASSERT_THAT(run(launch_call(3, scratch / "cut", settings, {"--resume"})), ExitsWith(0));
  EXPECT_TRUE(final_state(scratch / "cut") == final_state(scratch / "whole"));
  ASSERT_THAT(run(launch_call(3, scratch / "after", and_also(settings, {"cluster.overlap=false"}))),
              ExitsWith(0));
  EXPECT_TRUE(final_state(scratch / "after") == final_state(scratch / "whole")) << "overlap changed bits";
}

TEST(ShardedPlan, CountsTheMomentsOfOneShare) {
  const auto moments = [](const std::vector<std::string>& settings) {
    Arguments call{"plan", World::get() / "pretrain.yaml"};
    for (const std::string& setting : settings) call.insert(call.end(), {"--set", setting});
    const Outcome outcome = run(call);
    EXPECT_THAT(outcome, ExitsWith(0));
    const size_t line = outcome.output.find("\n  moments ");
    return std::stod(outcome.output.substr(outcome.output.find_first_of("0123456789", line)));
  };
  const std::vector<std::string> larger{"model.hidden_size=256", "cluster.processes=4",
                                        "cluster.bucket_megabytes=1"};
  const double whole = moments(larger), share = moments(sharded(larger));
  EXPECT_NEAR(share, whole / 4, 0.01 * whole);
}

}  // namespace
}  // namespace cloze::end_to_end
