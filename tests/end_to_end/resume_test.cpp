// What may stand in an output folder when a run begins, and what may change when one goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/world.h"

namespace cloze::end_to_end {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Output, AFolderThatHoldsSomethingIsRefused) {
  const ScratchFolder scratch;
  const fs::path output = scratch / "run";
  fs::create_directories(output);
  write_file(output / "letter.txt", "keep me");
  const Outcome refused = run(pretrain_call(output));
  EXPECT_THAT(refused, ExitsWith(2));
  EXPECT_THAT(refused.log,
              AllOf(HasSubstr("not empty"), HasSubstr(output.string()), HasSubstr("another output")));
  EXPECT_THAT(run(pretrain_call(output, {}, {"--resume"})), ExitsWith(2)) << "no run's folder";
  EXPECT_THAT(run(pretrain_call(output, {}, {"--overwrite"})), ExitsWith(2)) << "no run's folder";
  EXPECT_EQ(read_file(output / "letter.txt"), "keep me");
  EXPECT_EQ(std::distance(fs::directory_iterator(output), {}), 1) << "something was left there";
}

TEST(Output, OverwriteBeginsAgain) {
  const ScratchFolder scratch;
  const fs::path output = scratch / "run";
  ASSERT_THAT(run(pretrain_call(output, {"training.steps=12", "seed=2"})), ExitsWith(0));
  write_file(output / "notes.txt", "mine");
  ASSERT_THAT(run(pretrain_call(output)), ExitsWith(2));
  ASSERT_THAT(run(pretrain_call(output, {"training.steps=5"}, {"--overwrite"})), ExitsWith(0));
  EXPECT_THAT(checkpoint_steps(output), ElementsAre(5));
  EXPECT_EQ(training_losses(output).size(), 5u);
  EXPECT_EQ(read_file(output / "notes.txt"), "mine");
}

TEST(Resume, WithNothingThereStartsFreshAndSaysSo) {
  const ScratchFolder scratch;
  const Outcome outcome = run(pretrain_call(scratch / "run", {"training.steps=3"}, {"--resume"}));
  ASSERT_THAT(outcome, ExitsWith(0));
  EXPECT_THAT(outcome.log, HasSubstr("no checkpoint to resume from; starting fresh"));
  EXPECT_EQ(training_losses(scratch / "run").size(), 3u);
}

TEST(Resume, MayNotChangeTheModelButMayGoOnForLonger) {
  const ScratchFolder scratch;
  const fs::path output = scratch / "run";
  ASSERT_THAT(run(pretrain_call(output)), ExitsWith(0));
  const std::string config = read_file(output / "config.yaml");
  const Outcome refused = run(pretrain_call(output, {"model.hidden_size=64"}, {"--resume"}));
  EXPECT_THAT(refused, ExitsWith(2));
  EXPECT_THAT(refused.log, HasSubstr("model.hidden_size: 32 -> 64"));
  EXPECT_EQ(read_file(output / "config.yaml"), config);

  const Outcome longer = run(pretrain_call(output, {"training.steps=30"}, {"--resume"}));
  ASSERT_THAT(longer, ExitsWith(0));
  EXPECT_THAT(longer.log, AllOf(HasSubstr("training.steps: 20 -> 30"), HasSubstr("going on at step 20")));
  EXPECT_THAT(checkpoint_steps(output), ElementsAre(10, 20, 30));
  EXPECT_EQ(training_losses(output).size(), 30u);
}

TEST(Resume, WhenAllIsDoneNothingChanges) {
  const ScratchFolder scratch;
  ASSERT_THAT(run(pretrain_call(scratch / "run")), ExitsWith(0));
  const FinalState before = final_state(scratch / "run");
  const Outcome again = run(pretrain_call(scratch / "run", {}, {"--resume"}));
  ASSERT_THAT(again, ExitsWith(0));
  EXPECT_THAT(again.log, HasSubstr("all 20 steps are done already"));
  EXPECT_TRUE(final_state(scratch / "run") == before);
  EXPECT_EQ(training_losses(scratch / "run").size(), 20u);
}

}  // namespace
}  // namespace cloze::end_to_end
