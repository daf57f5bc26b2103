#include "engine/train/pretrain_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/base/file.h"
#include "engine/config/config.h"

namespace cloze {
namespace {

const std::filesystem::path source = CLOZE_SOURCE_DIR;

TEST(PretrainOptions, AreDescribedWithoutFault) {
  EXPECT_THAT(config::faults<PretrainOptions>(), testing::IsEmpty());
}

// Made by `cloze reference > docs/configuration.md`.
TEST(PretrainOptions, ReferencePageIsUpToDate) {
  EXPECT_EQ(config::reference_page<PretrainOptions>("Configuration of `cloze pretrain`"),
            read_file(source / "docs/configuration.md"));
}

TEST(PretrainOptions, EveryConfigurationIsRead) {
  int read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source / "configs/pretrain")) {
    EXPECT_NO_THROW(config::read<PretrainOptions>(entry.path())) << entry.path();
    ++read;
  }
  EXPECT_EQ(read, 7);
}

TEST(PretrainOptions, AreNotThoseOfFinetuning) {
  const std::filesystem::path file = source / "configs/finetune/yelp.yaml";
  try {
    config::read<PretrainOptions>(file);
    FAIL() << "was read";
  } catch (const UsageError& error) {
    EXPECT_EQ(error.problem().what, "this is a configuration of `cloze finetune`");
    EXPECT_THAT(error.problem().where, testing::StartsWith(file.string() + ":"));
  }
}

TEST(PretrainOptions, PaperHasTwoPhases) {
  const auto options = config::read<PretrainOptions>(source / "configs/pretrain/base.yaml");
  ASSERT_EQ(options.training.phases.size(), 2u);
  EXPECT_EQ(options.training.phases[0].max_sequence_length, 128);
  EXPECT_EQ(options.training.phases[1].max_sequence_length, 512);
  EXPECT_EQ(options.training.steps, 1'000'000);
}

TEST(PretrainOptions, PhasesMustAddUp) {
  const std::string yaml =
      "output: o\ndata: {train: t}\ntraining: {steps: 10, phases: [{steps: 4}, {steps: 5}]}\n";
  EXPECT_THROW(config::read_text<PretrainOptions>(yaml, "test.yaml"), UsageError);
}

}  // namespace
}  // namespace cloze
