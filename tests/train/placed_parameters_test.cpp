// Parameters that are read where their file is mapped, instead of from a copy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "engine/base/error.h"
#include "engine/checkpoint/checkpoint_store.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/model/bert_parameters.h"
#include "engine/tasks/mask_filling.h"
#include "engine/train/model_state.h"
#include "engine/train/pretrainer.h"
#include "tests/train/small_run.h"

namespace cloze::testing {
namespace {

using Answers = std::vector<std::vector<std::pair<std::string, double>>>;

class PlacedParameters : public ::testing::Test {
 protected:
  PlacedParameters() {
    write_small_corpus(folder_, 20);
    PretrainOptions options = small_run(folder_, "run");
    options.model.layers = 2;
    options.model.initializer_range = 0.3;
    options.training.steps = 2;
    pretrain(options, ExistingRun::refuse);
    checkpoint_.emplace(open_model(options.output));
    layout_ = layout(VocabularyRows::as_in_files);
  }

  ParameterLayout layout(VocabularyRows rows) const {
    return bert_parameters(checkpoint_->config().bert, {.pooler = false, .next_sentence = false}, rows);
  }
  std::unique_ptr<Engine> engine() const { return make_engine(DeviceKind::cpu, layout_.elements()); }

  Answers answers(Engine& engine, const ParameterLayout& parameters) const {
    const HuggingfaceTokenizer& tokenizer = checkpoint_->tokenizer();
    MaskFilling filling(checkpoint_->config().bert, parameters, engine, tokenizer.vocabulary,
                        tokenizer.options);
    Answers all;
    for (const auto& blank : filling.fill("w1 w2 [MASK] w4 [MASK] w9", 8)) {
      all.emplace_back();
      for (const FilledPiece& piece : blank) all.back().emplace_back(piece.piece, piece.probability);
    }
    return all;
  }
  // Of parameters that were copied into the flat buffer.
  Answers expected() const {
    const auto copied = engine();
    require_complete(load_parameters(*copied, layout_, checkpoint_->parameters()));
    return answers(*copied, layout_);
  }

  TemporaryFolder folder_;
  std::optional<Checkpoint> checkpoint_;
  ParameterLayout layout_;
};

TEST_F(PlacedParameters, GiveTheSameAnswers) {
  const auto placed = engine();
  require_complete(place_parameters(*placed, layout_, checkpoint_->parameters()));
  EXPECT_TRUE(placed->view(Memory::parameters).empty()) << "nothing was placed";
  EXPECT_EQ(answers(*placed, layout_), expected());
}

// Nothing of the file is copied: the flat buffer could as well hold anything.
TEST_F(PlacedParameters, OfOurOwnFilesAreAllPlaced) {
  const auto placed = engine();
  const std::span<float> flat = placed->writable_view(Memory::parameters);
  require_complete(place_parameters(*placed, layout_, checkpoint_->parameters()));
  std::fill(flat.begin(), flat.end(), std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(answers(*placed, layout_), expected());
}

// Hugging Face's files have key, query and value in the order of their names: these are copied.
TEST_F(PlacedParameters, ThatLieInAnotherOrderGiveTheSameAnswers) {
  std::vector<std::vector<float>> values;
  std::vector<NamedTensor> tensors;
  const TensorSource& source = checkpoint_->parameters();
  for (const TensorInfo& info : source.tensors()) values.push_back(source.values_of(info.name));
  for (size_t i = 0; i < values.size(); ++i)
    tensors.push_back({source.tensors()[i].name, source.tensors()[i].shape, values[i]});
  std::sort(tensors.begin(), tensors.end(), [](auto& a, auto& b) { return a.name < b.name; });
  write_safetensors(folder_ / "sorted.safetensors", tensors);
  const SafetensorsFile file(folder_ / "sorted.safetensors");
  const auto placed = engine();
  require_complete(place_parameters(*placed, layout_, file));
  EXPECT_EQ(answers(*placed, layout_), expected());
}

// With rows of padding the file's word embeddings are no whole value.
TEST_F(PlacedParameters, OfAPaddedVocabularyGiveTheSameAnswers) {
  const ParameterLayout padded = layout(VocabularyRows::padded);
  const auto placed = make_engine(DeviceKind::cpu, padded.elements());
  require_complete(place_parameters(*placed, padded, checkpoint_->parameters()));
  EXPECT_EQ(answers(*placed, padded), expected());
}

TEST_F(PlacedParameters, AreOnlyForProgramsThatDoNotTrain) {
  const std::vector<float> values(32);
  EXPECT_FALSE(make_engine(DeviceKind::cpu, layout_.elements(), {.training = true})->place(0, values));
  EXPECT_FALSE(make_engine(DeviceKind::reference, layout_.elements())->place(0, values));
}

TEST_F(PlacedParameters, AreNotReadBack) {
  const auto placed = engine();
  require_complete(place_parameters(*placed, layout_, checkpoint_->parameters()));
  std::vector<float> values(4);
  EXPECT_THROW(placed->read(Memory::parameters, 0, std::span<float>(values)), Error);
}

TEST_F(PlacedParameters, WhatIsMissingIsReported) {
  const ParameterLayout more = bert_parameters(checkpoint_->config().bert, {}, VocabularyRows::as_in_files);
  BertConfig deeper = checkpoint_->config().bert;
  deeper.layers = 3;
  const ParameterLayout too_many = bert_parameters(deeper, {}, VocabularyRows::as_in_files);
  const auto placed = make_engine(DeviceKind::cpu, too_many.elements());
  const LoadReport report = place_parameters(*placed, too_many, checkpoint_->parameters());
  EXPECT_EQ(report.missing.size(), 16u);  // a layer
  EXPECT_EQ(report.loaded.size(), more.parameters().size());
}

}  // namespace
}  // namespace cloze::testing
