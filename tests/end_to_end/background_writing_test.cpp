// Checkpoints that are written while training goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/world.h"

namespace cloze::end_to_end {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// A run on a disk that holds checkpoints back until let_go().
class HeldDisk : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const fs::path output = World::get() / "disk-that-writes";
    ASSERT_THAT(run(pretrain_call(output)), ExitsWith(0));
    undisturbed_ = final_state(output);
  }
  void SetUp() override {
    if (CLOZE_SANITIZED) GTEST_SKIP() << "a sanitized program cannot be preloaded into";
    write_file(held_, "");
  }
  void let_go() const { fs::remove(held_); }
  Surroundings surroundings() const {
    return {.environment = {"LD_PRELOAD=" CLOZE_HELD_DISK, "HELD_DISK=" + held_.string()}};
  }
  // Training is not slowed by its writer: its log says nothing of how far that is.
  void wait_for_writing(Process& process, const std::string& checkpoint) const {
    process.wait_until("writing " + checkpoint,
                       [&] { return !folders_named(checkpoint + ".partial-").empty(); });
  }
  std::vector<std::string> finished_checkpoints() const {
    std::vector<std::string> names = folders_named("step-");
    std::erase_if(names, [](const std::string& name) { return name.find("partial") != std::string::npos; });
    return names;
  }
  std::vector<std::string> folders_named(const std::string& start) const {
    std::vector<std::string> names;
    if (!fs::is_directory(output_ / "checkpoints")) return names;
    for (const auto& entry : fs::directory_iterator(output_ / "checkpoints")) {
      const std::string name = entry.path().filename();
      if (name.starts_with(start)) names.push_back(name);
    }
    return names;
  }

  static inline FinalState undisturbed_;
  const ScratchFolder scratch_;
  const fs::path held_ = scratch_ / "held", output_ = scratch_ / "run";
};

TEST_F(HeldDisk, TrainingGoesOnAndTheLastCheckpointIsWaitedFor) {
  Process process(pretrain_call(output_), surroundings());
  process.wait_for_log("step 20/20");  // ten steps after the checkpoint that hangs
  wait_for_writing(process, "step-10");
  EXPECT_THAT(finished_checkpoints(), ElementsAre());
  EXPECT_FALSE(process.ends_within(std::chrono::milliseconds(200))) << "it did not wait for its checkpoints";
  let_go();
  const Outcome outcome = process.wait();
  ASSERT_THAT(outcome, ExitsWith(0));
  EXPECT_THAT(outcome.log, AllOf(HasSubstr("the checkpoint of step 20 waited"),
                                 HasSubstr("until that of step 10 was written"), HasSubstr("step-10"),
                                 HasSubstr("step-20")));
  EXPECT_THAT(checkpoint_steps(output_), ElementsAre(10, 20));
  EXPECT_TRUE(final_state(output_) == undisturbed_);
}

TEST_F(HeldDisk, KilledWhileItWritesItGoesOnFromTheOneBefore) {
  const fs::path left_alone = scratch_ / "left-alone";
  ASSERT_THAT(run(pretrain_call(output_, {"training.steps=5"})), ExitsWith(0));
  fs::copy(output_, left_alone, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  ASSERT_THAT(run(pretrain_call(left_alone, {}, {"--resume"})), ExitsWith(0));
  Process process(pretrain_call(output_, {}, {"--resume"}), surroundings());
  process.wait_for_log("step 15/20");
  wait_for_writing(process, "step-10");
  EXPECT_THAT(finished_checkpoints(), ElementsAre("step-5"));
  process.send(SIGKILL);
  EXPECT_EQ(process.wait().signal, SIGKILL);
  const Outcome resumed = run(pretrain_call(output_, {}, {"--resume"}));
  ASSERT_THAT(resumed, ExitsWith(0));
  EXPECT_THAT(resumed.log, AllOf(HasSubstr("left half-written"), HasSubstr("going on at step 5")));
  EXPECT_THAT(checkpoint_steps(output_), ElementsAre(5, 10, 20));
  EXPECT_TRUE(final_state(output_) == final_state(left_alone));
}

TEST_F(HeldDisk, WithoutBackgroundWritingTrainingWaits) {
  Process process(pretrain_call(output_, {"checkpoint.asynchronous=false"}), surroundings());
  process.wait_for_log("step 10/20");
  EXPECT_FALSE(process.ends_within(std::chrono::milliseconds(200)));
  EXPECT_THAT(process.log(), Not(HasSubstr("step 11/20")));
  let_go();
  ASSERT_THAT(process.wait(), ExitsWith(0));
  EXPECT_TRUE(final_state(output_) == undisturbed_);
}

// Every file of every checkpoint.
std::map<std::string, std::string> all_files(const fs::path& checkpoints) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(checkpoints)) {
    if (entry.is_regular_file())
      files[fs::relative(entry.path(), checkpoints).string()] = read_file(entry.path());
  }
  return files;
}

TEST(BackgroundWriting, WritesTheSameBytesAsWithoutIt) {
  const ScratchFolder scratch;
  const std::vector<std::string> often{"checkpoint.every=3", "checkpoint.keep=10"};
  std::vector<std::string> waiting = often;
  waiting.push_back("checkpoint.asynchronous=false");
  ASSERT_THAT(run(pretrain_call(scratch / "background", often)), ExitsWith(0));
  ASSERT_THAT(run(pretrain_call(scratch / "waiting", waiting)), ExitsWith(0));
  EXPECT_THAT(checkpoint_steps(scratch / "background"), ElementsAre(3, 6, 9, 12, 15, 18, 20));
  const auto background = all_files(scratch / "background" / "checkpoints");
  EXPECT_EQ(background.size(), 7u * 6);
  EXPECT_TRUE(background == all_files(scratch / "waiting" / "checkpoints"));
}

}  // namespace
}  // namespace cloze::end_to_end
