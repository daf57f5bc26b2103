#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "tests/config/sample_options.h"

namespace cloze::sample {
namespace {

using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

class BaseFile : public testing::Test {
 protected:
  BaseFile() : folder_(fs::temp_directory_path() / ("cloze_base_file_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_ / "parts");
  }
  ~BaseFile() override { fs::remove_all(folder_); }

  fs::path file(const std::string& name, std::string_view yaml) const {
    write_file(folder_ / name, yaml);
    return folder_ / name;
  }
  static std::string message_of(const fs::path& path, const config::Overrides& overrides = {}) {
    try {
      config::read<Training>(path, overrides);
    } catch (const UsageError& error) {
      return error.what();
    }
    ADD_FAILURE() << path << " should not read";
    return {};
  }

  fs::path folder_;
};

TEST_F(BaseFile, AChainIsMergedSectionBySection) {
  file(
      "parts/root.yaml",
      "vocabulary: words.txt\nsteps: 1\nschedule: {kind: none, peak: 3, warmup_steps: 7}\nlayers: [1, 2, 3]");
  file("middle.yaml", "base: parts/root.yaml\nsteps: 2\nschedule:\n  peak: 4\nfiles: [a.txt]");
  const fs::path top =
      file("top.yaml", "base: middle.yaml\nsteps: 3\nlayers: [9]\nschedule: {warmup_steps: 8}");
  const Training read = config::read<Training>(top);
  EXPECT_EQ(read.steps, 3);
  EXPECT_EQ(read.schedule, (Schedule{Decay::none, 8, 4}));
  EXPECT_EQ(read.layers, std::vector{9});
  // A path belongs to the file that it stands in.
  EXPECT_EQ(read.vocabulary, folder_ / "parts/words.txt");
  EXPECT_EQ(read.files.at(0), folder_ / "a.txt");
}

TEST_F(BaseFile, LaterBasesLieOnEarlierOnes) {
  file("a.yaml", "vocabulary: a\nsteps: 1\nseed: 1");
  file("b.yaml", "steps: 2\nseed: 2");
  const Training read = config::read<Training>(file("top.yaml", "base: [a.yaml, b.yaml]\nseed: 3"));
  EXPECT_EQ(read.steps, 2);
  EXPECT_EQ(read.seed, 3u);
  EXPECT_EQ(read.vocabulary, folder_ / "a");
}

TEST_F(BaseFile, NullTakesBackWhatABaseSays) {
  file("a.yaml", "vocabulary: a\nclip: 3\nschedule: {peak: 5}\nevaluation: {every: 3}");
  const Training read =
      config::read<Training>(file("top.yaml", "base: a.yaml\nclip: null\nschedule: null\nevaluation: null"));
  EXPECT_FALSE(read.clip || read.evaluation);
  EXPECT_EQ(read.schedule, Schedule());
}

TEST_F(BaseFile, MistakesNameTheFileTheyAreIn) {
  const std::string base = file("a.yaml", "vocabulary: a\n\nsteps: 0\nseed: -1").string();
  const std::string top = file("top.yaml", "base: a.yaml\nseed: 5\ndropuot: 1").string();
  EXPECT_THAT(message_of(top), AllOf(HasSubstr("2 mistakes in the configuration " + top),
                                     HasSubstr("where: " + base + ":3"), HasSubstr("where: " + top + ":3")));
}

TEST_F(BaseFile, ACircleIsReported) {
  const fs::path top = file("a.yaml", "base: b.yaml");
  file("b.yaml", "steps: 5\nbase: ./a.yaml");
  EXPECT_THAT(message_of(top),
              AllOf(HasSubstr("where: " + (folder_ / "b.yaml").string() + ":2"), HasSubstr("in a circle: "),
                    HasSubstr("a.yaml -> "), HasSubstr("b.yaml -> ")));
}

TEST_F(BaseFile, TheSameBaseTwiceIsNoCircle) {
  file("root.yaml", "vocabulary: v");
  file("a.yaml", "base: root.yaml");
  file("b.yaml", "base: root.yaml");
  EXPECT_EQ(config::read<Training>(file("top.yaml", "base: [a.yaml, b.yaml]")).vocabulary, folder_ / "v");
}

TEST_F(BaseFile, BasesThatMultiplyAreStopped) {
  file("0.yaml", "vocabulary: v");
  for (int i = 1; i < 30; ++i) {
    const std::string below = std::to_string(i - 1) + ".yaml";
    file(std::to_string(i) + ".yaml", "base: [" + below + ", " + below + "]");
  }
  EXPECT_THAT(message_of(folder_ / "29.yaml"), HasSubstr("more than 200 files"));
}

TEST_F(BaseFile, WhatCannotBeRead) {
  EXPECT_THAT(message_of(folder_ / "none.yaml"),
              AllOf(HasSubstr("cannot read the configuration " + (folder_ / "none.yaml").string()),
                    HasSubstr("why: No such file or directory")));
  EXPECT_THAT(message_of(folder_), HasSubstr("why: Is a directory"));
  EXPECT_THAT(message_of(file("top.yaml", "steps: 1\nbase: none.yaml")),
              AllOf(HasSubstr("cannot read the base " + (folder_ / "none.yaml").string()),
                    HasSubstr("top.yaml:2"), HasSubstr("`base` is relative to the file that names it")));
  EXPECT_THAT(message_of(file("top.yaml", "vocabulary: v\nbase: {a: b}")), HasSubstr("`base` is a section"));
  EXPECT_THAT(message_of(file("top.yaml", "vocabulary: v\nbase: [[a]]")), HasSubstr("`base` is a list"));
  EXPECT_THAT(message_of(file("top.yaml", "vocabulary: v\nbase:")), HasSubstr("`base` is empty"));
}

TEST_F(BaseFile, FilesBelowTheCurrentFolderHaveShortNames) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  file("parts/root.yaml", "steps: 0");
  const std::string message = message_of(file("top.yaml", "vocabulary: v\nbase: parts/root.yaml"));
  fs::current_path(before);
  EXPECT_THAT(message, HasSubstr("where: parts/root.yaml:1"));
}

}  // namespace
}  // namespace cloze::sample
