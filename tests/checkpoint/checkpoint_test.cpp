#include "engine/checkpoint/checkpoint.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/checkpoint/checkpoint_files.h"
#include "engine/checkpoint/checkpoint_store.h"
#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::error_of;
using ::testing::HasSubstr;
using testing::SampleCheckpoint;
using testing::TemporaryFolder;

class CheckpointTest : public ::testing::Test {
 protected:
  CheckpointTest() { write_checkpoint(path_, sample_.contents, {{"epoch", 3}, {"rng", {1, 2}}}); }

  // Everything a resume does with a checkpoint.
  void read_all() const {
    const Checkpoint checkpoint(path_);
    if (!checkpoint.manifest()) throw Error({.what = "not a checkpoint of Cloze"});
    checkpoint.verify(CheckpointFiles::all);
  }

  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(path_)) found.push_back(entry.path());
    return found;
  }

  TemporaryFolder folder_;
  const fs::path path_ = folder_ / "step-7";
  const SampleCheckpoint sample_{7};
};

// Overwrites in place; the room's own writer would be no help in damaging a file.
void overwrite(const fs::path& path, std::string_view text) {
  fs::remove(path);
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

TEST_F(CheckpointTest, WhatIsWrittenReadsBack) {
  const Checkpoint checkpoint(path_);
  checkpoint.verify(CheckpointFiles::all);
  EXPECT_EQ(checkpoint.config(), sample_.contents.config);
  EXPECT_EQ(checkpoint.tokenizer().options, sample_.contents.tokenizer.options);
  EXPECT_EQ(checkpoint.tokenizer().vocabulary->text(), sample_.contents.tokenizer.vocabulary->text());
  EXPECT_EQ(checkpoint.manifest()->step, 7);
  EXPECT_FALSE(checkpoint.manifest()->score.has_value());
  EXPECT_EQ(checkpoint.trainer_state(), json({{"epoch", 3}, {"rng", {1, 2}}}));
  for (const NamedTensor& tensor : sample_.contents.parameters) {
    EXPECT_EQ(checkpoint.parameters().values_of(tensor.name),
              std::vector(tensor.values.begin(), tensor.values.end()));
  }
  ASSERT_TRUE(checkpoint.resumable());
  for (const NamedTensor& tensor : sample_.contents.optimizer) {
    EXPECT_EQ(checkpoint.optimizer()->values_of(tensor.name),
              std::vector(tensor.values.begin(), tensor.values.end()));
  }
}

TEST_F(CheckpointTest, EqualContentsGiveEqualFiles) {
  write_checkpoint(folder_ / "again", sample_.contents, {{"epoch", 3}, {"rng", {1, 2}}});
  EXPECT_EQ(files().size(), 6u);
  for (const fs::path& file : files())
    EXPECT_EQ(read_file(file), read_file(folder_ / "again" / file.filename()));
}

TEST_F(CheckpointTest, AModelAloneIsNotResumable) {
  SampleCheckpoint sample(1);
  sample.contents.optimizer.clear();
  write_checkpoint(folder_ / "model", sample.contents, json::object());
  const Checkpoint checkpoint(folder_ / "model");
  EXPECT_FALSE(checkpoint.resumable());
  EXPECT_THAT(error_of([&] { checkpoint.optimizer(); }), HasSubstr("without optimizer.safetensors"));
}

TEST_F(CheckpointTest, WritingOverACheckpointReplacesIt) {
  const SampleCheckpoint newer(8);
  write_checkpoint(path_, newer.contents, json::object());
  const Checkpoint checkpoint(path_);
  checkpoint.verify(CheckpointFiles::all);
  EXPECT_EQ(checkpoint.manifest()->step, 8);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1) << "the old one is gone";
}

TEST_F(CheckpointTest, ScoresTravelUnlessTheyAreNotFinite) {
  SampleCheckpoint sample(1);
  sample.contents.score = {{"eval_loss", 0.1}};
  write_checkpoint(path_, sample.contents, json::object());
  EXPECT_EQ(Checkpoint(path_).manifest()->score->metric, "eval_loss");
  EXPECT_EQ(Checkpoint(path_).manifest()->score->value, 0.1);
  sample.contents.score->value = std::numeric_limits<double>::quiet_NaN();
  write_checkpoint(path_, sample.contents, json::object());
  EXPECT_FALSE(Checkpoint(path_).manifest()->score.has_value());
}

TEST_F(CheckpointTest, EveryMissingFileIsNoticed) {
  for (const fs::path& file : files()) {
    const std::string whole = read_file(file);
    fs::remove(file);
    EXPECT_THROW(read_all(), Error) << file;
    overwrite(file, whole);
  }
  EXPECT_NO_THROW(read_all());
}

TEST_F(CheckpointTest, EveryTruncationIsNoticed) {
  for (const fs::path& file : files()) {
    const std::string whole = read_file(file);
    // The last byte of trainer_state.json is a line end: nothing is lost with it.
    const size_t longest = whole.size() - (file.filename() == trainer_state_file ? 1 : 0);
    for (size_t size = 0; size < longest; size += size < 64 || size > longest - 64 ? 1 : 13) {
      fs::resize_file(file, size);
      EXPECT_THROW(read_all(), Error) << file << " of " << size << " bytes";
      overwrite(file, whole);
    }
  }
  EXPECT_NO_THROW(read_all());
}

TEST_F(CheckpointTest, EveryFlippedBitIsNoticed) {
  for (const fs::path& file : files()) {
    const std::string whole = read_file(file);
    for (size_t bit = 0; bit < whole.size() * 8; bit += file.filename() == trainer_state_file ? 1 : 5) {
      std::string damaged = whole;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      std::ofstream(file, std::ios::binary) << damaged;
      EXPECT_THROW(read_all(), Error) << file << ", bit " << bit;
    }
    std::ofstream(file, std::ios::binary) << whole;
  }
  EXPECT_NO_THROW(read_all());
}

TEST_F(CheckpointTest, DamageToTheOptimizerDoesNotBarTheModel) {
  std::string damaged = read_file(path_ / optimizer_file);
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  std::ofstream(path_ / optimizer_file, std::ios::binary) << damaged;
  EXPECT_NO_THROW(open_model(path_));
  EXPECT_THAT(error_of([&] { Checkpoint(path_).verify(CheckpointFiles::all); }), HasSubstr(optimizer_file));
}

TEST_F(CheckpointTest, ANewerFormatIsRefusedAsSuch) {
  write_file(path_ / trainer_state_file, R"({"format_version": 2})");
  EXPECT_THAT(error_of([&] { Checkpoint{path_}; }), HasSubstr("written by a newer Cloze"));
}

TEST_F(CheckpointTest, TheTrainerStateOfTransformersIsLeftAlone) {
  write_file(path_ / trainer_state_file, R"({"global_step": 500, "log_history": []})");
  const Checkpoint checkpoint(path_);
  EXPECT_FALSE(checkpoint.manifest().has_value());
  EXPECT_THAT(error_of([&] { checkpoint.trainer_state(); }), HasSubstr("no training to resume"));
}

TEST_F(CheckpointTest, AVocabularyLargerThanTheModelIsRefused) {
  SampleCheckpoint sample(1);
  sample.contents.config.bert.vocabulary_size = 5;
  write_checkpoint(folder_ / "small", sample.contents, json::object());
  EXPECT_THAT(error_of([&] { Checkpoint(folder_ / "small"); }),
              HasSubstr("has 6 pieces, the model has embeddings for 5"));
}

TEST_F(CheckpointTest, WhatIsNoCheckpointIsSaidToBeNone) {
  EXPECT_THAT(error_of([&] { Checkpoint(folder_ / "nowhere"); }), HasSubstr("no such folder"));
  EXPECT_THAT(error_of([&] { Checkpoint(path_ / config_file); }), HasSubstr("a file, not a folder"));
  EXPECT_THAT(error_of([&] { Checkpoint(folder_.path()); }), HasSubstr("it has no config.json"));
}

// In a child process, since a file-size limit cannot be taken back reliably: every write beyond it fails, as
// on a full disk.
TEST_F(CheckpointTest, AFullDiskLeavesTheOldCheckpointAndNoRubbish) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {4096, 4096};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const SampleCheckpoint large(8, /*scale=*/1000);
    try {
      write_checkpoint(path_, large.contents, json::object());
    } catch (const Error& error) {
      ::_exit(std::string_view(error.what()).find("cannot write file") != std::string_view::npos ? 0 : 2);
    }
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(Checkpoint(path_).manifest()->step, 7);
  EXPECT_NO_THROW(read_all());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1);
}

}  // namespace
}  // namespace cloze
