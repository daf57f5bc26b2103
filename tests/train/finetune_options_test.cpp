#include "engine/train/finetune_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/config/config.h"
#include "engine/train/finetune_setup.h"

namespace cloze {
namespace {

const std::filesystem::path source = CLOZE_SOURCE_DIR;

TEST(FinetuneOptions, AreDescribedWithoutFault) {
  EXPECT_THAT(config::faults<FinetuneOptions>(), testing::IsEmpty());
}

// Made by `cloze reference finetune > docs/configuration-finetune.md`.
TEST(FinetuneOptions, ReferencePageIsUpToDate) {
  EXPECT_EQ(config::reference_page<FinetuneOptions>("Configuration of `cloze finetune`"),
            read_file(source / "docs/configuration-finetune.md"));
}

TEST(FinetuneOptions, EveryConfigurationIsRead) {
  int read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source / "configs/finetune")) {
    FinetuneOptions options;
    ASSERT_NO_THROW(options = config::read<FinetuneOptions>(entry.path())) << entry.path();
    EXPECT_NO_THROW(finetune_task(options, BertConfig{})) << entry.path();
    ++read;
  }
  EXPECT_EQ(read, 10);
}

TEST(FinetuneOptions, AreNotThoseOfPretraining) {
  try {
    config::read<FinetuneOptions>(source / "configs/pretrain/base.yaml");
    FAIL() << "was read";
  } catch (const UsageError& error) {
    EXPECT_EQ(error.problem().what, "this is a configuration of `cloze pretrain`");
    EXPECT_THAT(error.problem().why, testing::HasSubstr("`model.hidden_size`"));
  }
}

TEST(FinetuneOptions, LongestSequenceIsTheModels) {
  const auto options = config::read<FinetuneOptions>(source / "configs/finetune/squad.yaml");
  EXPECT_THROW(finetune_task(options, BertConfig{.max_positions = 256}), UsageError);
}

BertConfig three_layers() {
  return {.vocabulary_size = 128, .hidden_size = 8, .layers = 3, .heads = 2, .intermediate_size = 16};
}

// learning_rate_scale of the segment of a parameter.
float rate_of(const FinetuneOptions& options, const std::string& name) {
  const FinetuningModel model =
      finetuning_model(options, three_layers(), describe_task(options.task), LabelSet({"a", "b"}));
  const ParameterLayout layout = finetuning_parameters(model.config, model.head);
  const FinetuningCompileOptions compiled = finetune_compile_options(options, model, layout);
  for (size_t i = 0; i < layout.parameters().size(); ++i) {
    if (layout.parameters()[i].name == name) return (*compiled.update.segments)[i].learning_rate_scale;
  }
  ADD_FAILURE() << name;
  return -1;
}

TEST(FinetuneSetup, LearningRatesByLayer) {
  FinetuneOptions options;
  options.training.layer_decay = 0.5;
  EXPECT_FLOAT_EQ(rate_of(options, "classifier.weight"), 1);
  EXPECT_FLOAT_EQ(rate_of(options, "bert.pooler.dense.weight"), 1);
  EXPECT_FLOAT_EQ(rate_of(options, "bert.encoder.layer.2.output.dense.weight"), 0.5f);
  EXPECT_FLOAT_EQ(rate_of(options, "bert.encoder.layer.0.output.dense.weight"), 0.125f);
  EXPECT_FLOAT_EQ(rate_of(options, "bert.embeddings.LayerNorm.bias"), 0.0625f);
}

TEST(FinetuneSetup, FrozenLayersHaveNoRate) {
  FinetuneOptions options;
  options.training.freeze_layers = 2;
  EXPECT_EQ(rate_of(options, "bert.embeddings.word_embeddings.weight"), 0);
  EXPECT_EQ(rate_of(options, "bert.encoder.layer.1.output.dense.weight"), 0);
  EXPECT_EQ(rate_of(options, "bert.encoder.layer.2.output.dense.weight"), 1);
  options.training.freeze_encoder = true;
  EXPECT_EQ(rate_of(options, "bert.encoder.layer.2.output.dense.weight"), 0);
  EXPECT_EQ(rate_of(options, "bert.pooler.dense.bias"), 1);
}

TEST(FinetuneSetup, ClassWeightsMustFitTheLabels) {
  FinetuneOptions options;
  options.training.class_weights = {1, 2, 3};
  HuggingfaceTokenizer tokenizer;
  EXPECT_THROW(task_reading(options, describe_task(options.task), LabelSet({"a", "b"}), tokenizer, 1),
               UsageError);
}

}  // namespace
}  // namespace cloze
