// Checkpoints on a disk that fails: damaged, full; and which of them stay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/world.h"

namespace cloze::end_to_end {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

void flip_a_byte(const fs::path& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto middle = static_cast<std::streamoff>(fs::file_size(path) / 2);
  file.seekg(middle);
  const int byte = file.get();
  file.seekp(middle);
  file.put(static_cast<char>(byte ^ 1));
  ASSERT_TRUE(file.good());
}

TEST(Checkpoints, ADamagedOneIsPassedOver) {
  const ScratchFolder scratch;
  const fs::path output = scratch / "run";
  ASSERT_THAT(run(pretrain_call(output)), ExitsWith(0));
  const FinalState undamaged = final_state(output);
  const auto filled = [&](const fs::path& model) {
    return run({"fill", "--model", model.string(), "the [MASK] was"});
  };
  const Outcome of_step_10 = filled(output / "checkpoints" / "step-10");
  EXPECT_NE(filled(output).output, of_step_10.output);
  flip_a_byte(output / "checkpoints" / "step-20" / "model.safetensors");
  const Outcome of_damaged = filled(output);
  EXPECT_THAT(of_damaged, ExitsWith(0));
  EXPECT_THAT(of_damaged.log, HasSubstr("checkpoint of step 20 passed over"));
  EXPECT_EQ(of_damaged.output, of_step_10.output);
  EXPECT_THAT(filled(output / "checkpoints" / "step-20"), ExitsWith(1));
  const Outcome told = run({"info", output / "checkpoints" / "step-20", "--verify"});
  EXPECT_THAT(told, ExitsWith(1));
  EXPECT_THAT(told.log, HasSubstr("model.safetensors"));

  const Outcome resumed = run(pretrain_call(output, {}, {"--resume"}));
  ASSERT_THAT(resumed, ExitsWith(0));
  EXPECT_THAT(resumed.log, AllOf(HasSubstr("checkpoint of step 20 passed over"), HasSubstr("damaged"),
                                 HasSubstr("going on at step 10"), HasSubstr("set aside")));
  EXPECT_TRUE(final_state(output) == undamaged) << "the steps after 10 were not the same again";
  EXPECT_EQ(training_losses(output).size(), 20u);
}

TEST(Checkpoints, WhenAllAreDamagedTheRunDoesNotStartAgainUnasked) {
  const ScratchFolder scratch;
  const fs::path output = scratch / "run";
  ASSERT_THAT(run(pretrain_call(output, {"checkpoint.every=0"})), ExitsWith(0));
  flip_a_byte(output / "latest" / "optimizer.safetensors");
  const Outcome refused = run(pretrain_call(output, {"training.steps=30"}, {"--resume"}));
  EXPECT_THAT(refused, ExitsWith(1));
  EXPECT_THAT(refused.log, AllOf(HasSubstr("no checkpoint of this run can be used"), HasSubstr("optimizer")));
  EXPECT_THAT(checkpoint_steps(output), ElementsAre(20));
}

// The first checkpoint is written with room, the ones after it are not.
TEST(Checkpoints, AFullDiskCostsNoCheckpointAndNotTheRun) {
  const ScratchFolder scratch;
  const fs::path output = scratch / "run";
  ASSERT_THAT(run(pretrain_call(output, {"training.steps=10"})), ExitsWith(0));
  const FinalState first = final_state(output);
  const uint64_t too_small = first.optimizer.size() - 1;
  const Outcome outcome =
      run(pretrain_call(output, {"training.steps=40"}, {"--resume"}), {.file_limit = too_small});
  EXPECT_THAT(outcome, ExitsWith(1)) << "what the last step made is lost, and the program says so";
  EXPECT_THAT(outcome.log, AllOf(HasSubstr("the checkpoint of step 20 could not be written, the run goes on"),
                                 HasSubstr("the checkpoint of step 30 could not be written"),
                                 HasSubstr("step 40/40"), HasSubstr("optimizer.safetensors")));
  EXPECT_THAT(checkpoint_steps(output), ElementsAre(10));
  EXPECT_EQ(std::distance(fs::directory_iterator(output / "checkpoints"), {}), 1)
      << "half a checkpoint stays";
  EXPECT_TRUE(final_state(output) == first);

  ASSERT_THAT(run(pretrain_call(output, {"training.steps=40"}, {"--resume"})), ExitsWith(0));
  EXPECT_THAT(checkpoint_steps(output), ElementsAre(20, 30, 40));
}

// The learning rate is so high after warm-up that the early checkpoint stays the best.
TEST(Checkpoints, KeepTheLastOnesAndTheBest) {
  const ScratchFolder scratch;
  const fs::path output = scratch / "run";
  const std::vector<std::string> settings{"checkpoint.every=5",   "checkpoint.keep=2",
                                          "training.steps=40",    "schedule.warmup_steps=39",
                                          "schedule.kind=linear", "optimizer.learning_rate=3"};
  ASSERT_THAT(run(pretrain_call(output, settings)), ExitsWith(0));
  std::map<double, int64_t> by_loss;
  std::ifstream lines(output / "metrics.jsonl");
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line);
    if (record.at("split") == "eval") by_loss.emplace(record.at("mask_token_loss"), record.at("step"));
  }
  ASSERT_EQ(by_loss.size(), 8u);
  const int64_t best = by_loss.begin()->second;
  ASSERT_LT(best, 35) << "the best is among the last: this run shows nothing";
  EXPECT_THAT(checkpoint_steps(output), ElementsAre(best, 35, 40));
  EXPECT_EQ(fs::read_symlink(output / "best"), fs::path("checkpoints") / ("step-" + std::to_string(best)));
  EXPECT_EQ(fs::read_symlink(output / "latest"), fs::path("checkpoints/step-40"));

  auto without_best = settings;
  without_best.push_back("checkpoint.keep_best=false");
  ASSERT_THAT(run(pretrain_call(scratch / "last", without_best)), ExitsWith(0));
  EXPECT_THAT(checkpoint_steps(scratch / "last"), ElementsAre(35, 40));
}

}  // namespace
}  // namespace cloze::end_to_end
