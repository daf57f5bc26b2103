#include "engine/train/run_folder.h"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/checkpoint/checkpoint_files.h"
#include "engine/train/metric_sink_json.h"
#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;
using testing::error_of;
using ::testing::HasSubstr;
using testing::logged;
using testing::SampleCheckpoint;

class RunFolderTest : public ::testing::Test {
 protected:
  RunFolder open(ExistingRun existing, const char* config = "seed: 1\n") {
    return RunFolder(path_, existing, config);
  }

  // A run that trained: checkpoints and metrics at the given steps.
  void train(std::initializer_list<int64_t> steps) {
    const RunFolder run = open(ExistingRun::refuse);
    CheckpointStore store(run.path(), {.keep_last = 9});
    JsonMetricSink metrics(run.metrics_file());
    for (const int64_t step : steps) {
      metrics.write({.step = step, .split = "train", .values = {}});
      store.save(SampleCheckpoint(step).contents, nlohmann::json::object());
    }
  }
  void damage(int64_t step) {
    std::ofstream(CheckpointStore(path_).folder_of(step) / weights_file, std::ios::app) << "x";
  }

  const testing::TemporaryFolder folder_;
  const fs::path path_ = folder_ / "outer/run";
};

TEST_F(RunFolderTest, AFreshRunHasConfigLogAndVersion) {
  {
    const RunFolder run = open(ExistingRun::refuse);
    log::info("hello from the run");
    EXPECT_FALSE(run.previous_config().has_value());
  }
  log::info("after the run");
  EXPECT_EQ(read_file(path_ / "config.yaml"), "seed: 1\n");
  EXPECT_EQ(read_file(path_ / "format_version"), "1\n");
  EXPECT_THAT(read_file(path_ / "log.txt"), HasSubstr("hello from the run"));
  EXPECT_EQ(read_file(path_ / "log.txt").find("after the run"), std::string::npos);
}

TEST_F(RunFolderTest, AnEmptyFolderIsAsGoodAsNone) {
  fs::create_directories(path_);
  EXPECT_NO_THROW(open(ExistingRun::refuse));
}

TEST_F(RunFolderTest, ANonEmptyOutputIsRefused) {
  train({1});
  const std::string error = error_of([&] { open(ExistingRun::refuse); });
  EXPECT_THAT(error, HasSubstr("not empty"));
  EXPECT_THAT(error, HasSubstr("--resume"));
  EXPECT_THAT(error, HasSubstr("--overwrite"));
  EXPECT_THROW(open(ExistingRun::refuse), UsageError);
}

TEST_F(RunFolderTest, WhatIsNoRunIsNeitherResumedNorOverwrittenNorTouched) {
  fs::create_directories(path_);
  write_file(path_ / "thesis.tex", "years of work");
  for (const ExistingRun existing : {ExistingRun::refuse, ExistingRun::resume, ExistingRun::overwrite}) {
    EXPECT_THROW(open(existing), UsageError);
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(path_), {}), 1);
  fs::remove_all(path_);
  write_file(path_, "a file");
  EXPECT_THAT(error_of([&] { open(ExistingRun::resume); }), HasSubstr("not a folder"));
}

TEST_F(RunFolderTest, OverwritingRemovesTheOldRunButNotOtherFiles) {
  train({1, 2});
  write_file(path_ / "events.out.tfevents.1.x", "");
  write_file(path_ / "eval_results.txt", "");
  write_file(path_ / "notes.txt", "mine");
  RunFolder run = open(ExistingRun::overwrite, "seed: 2\n");
  CheckpointStore store(run.path());
  EXPECT_FALSE(run.starting_point(store).has_value());
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path_)) names.push_back(entry.path().filename());
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("config.yaml", "format_version", "log.txt", "notes.txt",
                                                     "run.lock"));
  EXPECT_EQ(read_file(path_ / "config.yaml"), "seed: 2\n");
}

TEST_F(RunFolderTest, ResumingGoesOnFromTheLatest) {
  train({10, 20});
  RunFolder run = open(ExistingRun::resume);
  CheckpointStore store(run.path());
  EXPECT_EQ(run.starting_point(store)->manifest()->step, 20);
  EXPECT_THAT(read_file(path_ / "log.txt"), HasSubstr("resuming from"));
  EXPECT_EQ(run.previous_config(), "seed: 1\n");
  EXPECT_FALSE(fs::exists(path_ / "config.previous.yaml"));
}

TEST_F(RunFolderTest, ResumingPastADamagedOneCutsWhatCameLater) {
  train({10, 20, 30});
  damage(30);
  RunFolder run = open(ExistingRun::resume);
  CheckpointStore store(run.path());
  EXPECT_EQ(run.starting_point(store)->manifest()->step, 20);
  EXPECT_THAT(read_file(path_ / "log.txt"), HasSubstr("checkpoint of step 30 passed over"));
  EXPECT_THAT(store.steps(), ::testing::ElementsAre(10, 20));
  EXPECT_EQ(read_file(run.metrics_file()).find("\"step\":30"), std::string::npos);
  EXPECT_THAT(read_file(run.metrics_file()), HasSubstr("\"step\":20"));
}

TEST_F(RunFolderTest, ResumingWithNothingThereStartsFreshAndSaysSo) {
  for (int time = 0; time < 2; ++time) {  // no folder; then a run without checkpoint
    RunFolder run = open(ExistingRun::resume);
    CheckpointStore store(run.path());
    EXPECT_FALSE(run.starting_point(store).has_value());
    JsonMetricSink(run.metrics_file()).write({.step = 3, .split = "train", .values = {}});
    EXPECT_THAT(read_file(path_ / "log.txt"), HasSubstr("no checkpoint to resume from; starting fresh"));
  }
  const std::string metrics = read_file(path_ / "metrics.jsonl");
  EXPECT_EQ(std::count(metrics.begin(), metrics.end(), '\n'), 1) << "the first start's record is cut";
}

TEST_F(RunFolderTest, ResumingWhereAllAreDamagedIsAnError) {
  train({1});
  damage(1);
  RunFolder run = open(ExistingRun::resume);
  CheckpointStore store(run.path());
  EXPECT_THAT(error_of([&] { run.starting_point(store); }), HasSubstr("all 1 are damaged"));
}

TEST_F(RunFolderTest, AnotherConfigKeepsTheFormerOne) {
  train({1});
  const RunFolder run = open(ExistingRun::resume, "seed: 2\n");
  EXPECT_EQ(read_file(path_ / "config.previous.yaml"), "seed: 1\n");
  EXPECT_EQ(read_file(path_ / "config.yaml"), "seed: 2\n");
}

TEST_F(RunFolderTest, ANewerFormatIsRefused) {
  train({1});
  write_file(path_ / "format_version", "2\n");
  EXPECT_THAT(error_of([&] { open(ExistingRun::resume); }), HasSubstr("newer Cloze"));
  write_file(path_ / "format_version", "x");
  EXPECT_THAT(error_of([&] { open(ExistingRun::overwrite); }), HasSubstr("does not hold a version"));
  EXPECT_TRUE(fs::exists(path_ / "checkpoints/step-1"));
}

TEST_F(RunFolderTest, ASecondWriterIsBarred) {
  train({1});
  const RunFolder run = open(ExistingRun::resume);
  for (const ExistingRun existing : {ExistingRun::resume, ExistingRun::overwrite}) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        open(existing, "seed: 9\n");
      } catch (const UsageError&) {
        ::_exit(3);
      } catch (const Error& error) {
        ::_exit(std::string_view(error.what()).find("run.lock") != std::string_view::npos ? 0 : 2);
      }
      ::_exit(1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  EXPECT_EQ(read_file(path_ / "config.yaml"), "seed: 1\n");
  EXPECT_TRUE(fs::exists(path_ / "checkpoints/step-1"));
}

}  // namespace
}  // namespace cloze
