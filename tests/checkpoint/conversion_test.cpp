#include "engine/checkpoint/conversion.h"

#include <gmock/gmock.h>

#include "engine/checkpoint/checkpoint_store.h"
#include "engine/checkpoint/safetensors.h"
#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;

const fs::path golden = fs::path(CLOZE_SOURCE_DIR) / "tests/golden/checkpoint";

void expect_equal(const TensorSource& found, const TensorSource& expected) {
  EXPECT_EQ(found.tensors().size(), expected.tensors().size());
  for (const TensorInfo& info : expected.tensors()) {
    EXPECT_EQ(found.values_of(info.name), expected.values_of(info.name)) << info.name;
  }
}

class ConversionTest : public ::testing::Test {
 protected:
  fs::path target() const { return folder_ / "out"; }
  testing::TemporaryFolder folder_;
};

TEST_F(ConversionTest, ATensorflowCheckpointWithItsMoments) {
  const Checkpoint source = open_model(golden / "tensorflow_training");
  const LoadReport report = convert_checkpoint(source, target(), true);
  EXPECT_EQ(report.loaded.size(), 30u);
  EXPECT_TRUE(report.complete());
  EXPECT_TRUE(report.unexpected.empty());
  const Checkpoint written = open_model(target());
  EXPECT_EQ(written.config(), source.config());
  EXPECT_EQ(written.tokenizer().options.lowercase, false);
  EXPECT_EQ(written.tokenizer().options.rules, TokenizerRules::google);
  EXPECT_EQ(written.tokenizer().options.word_limit(), 200);
  EXPECT_EQ(written.tokenizer().vocabulary->text(), source.tokenizer().vocabulary->text());
  EXPECT_EQ(written.step(), 7);
  EXPECT_TRUE(written.has_moments());
  EXPECT_FALSE(written.resumable()) << "the trainer's state is Cloze's own";
  expect_equal(written.parameters(), source.parameters());
  expect_equal(*written.optimizer(), *source.optimizer());
}

TEST_F(ConversionTest, AClassifierKeepsItsHead) {
  const Checkpoint source = open_model(golden / "uncased_L-1_H-8_A-2");
  EXPECT_TRUE(convert_checkpoint(source, target() / "", false).complete());
  const Checkpoint written = open_model(target());
  EXPECT_EQ(written.config().labels.size(), 3u);
  EXPECT_GE(written.parameters().find("classifier.weight"), 0);
  expect_equal(written.parameters(), source.parameters());
  EXPECT_FALSE(written.resumable());
  EXPECT_THAT(error_of([&] { convert_checkpoint(source, folder_ / "other", true); }),
              HasSubstr("holds no adam_m and adam_v"));
}

TEST_F(ConversionTest, ShardsOfHalfPrecisionBecomeOneFileOfFloats) {
  const Checkpoint source = open_model(golden / "sharded_bf16");
  convert_checkpoint(source, target(), false);
  const Checkpoint written = open_model(target());
  EXPECT_EQ(written.parameters().tensors()[0].type, "F32");
  EXPECT_EQ(written.config(), source.config());
  expect_equal(written.parameters(), source.parameters());
}

// A folder of our own making, with more or fewer tensors than a model needs.
class OddModels : public ConversionTest {
 protected:
  OddModels() {
    fs::copy(golden / "pretraining", model_);
    const SafetensorsFile file(model_ / "model.safetensors");
    for (const TensorInfo& info : file.tensors()) {
      tensors_[info.name] = {info.shape, file.values_of(info.name)};
    }
  }
  Checkpoint open() {
    std::vector<NamedTensor> tensors;
    for (const auto& [name, tensor] : tensors_) tensors.push_back({name, tensor.first, tensor.second});
    write_safetensors(model_ / "model.safetensors", tensors);
    return open_model(model_);
  }
  fs::path model_ = folder_ / "in";
  std::map<std::string, std::pair<std::vector<int64_t>, std::vector<float>>> tensors_;
};

TEST_F(OddModels, WhatIsNotUsedAndWhatIsMissingIsSaid) {
  tensors_["adapter.weight"] = {{2}, {1, 2}};
  tensors_.erase("bert.pooler.dense.bias");
  const LoadReport report = convert_checkpoint(open(), target(), false);
  EXPECT_THAT(report.unexpected, ElementsAre("adapter.weight"));
  EXPECT_THAT(report.missing, ElementsAre("bert.pooler.dense.bias"));
  EXPECT_THAT(to_string(report),
              AllOf(HasSubstr("1 missing: bert.pooler.dense.bias"), HasSubstr("1 not used: adapter.weight")));
  EXPECT_LT(open_model(target()).parameters().find("adapter.weight"), 0);
}

TEST_F(OddModels, AnEncoderThatIsNotWholeIsRefused) {
  tensors_.erase("bert.encoder.layer.0.output.dense.weight");
  EXPECT_THAT(error_of([&] { convert_checkpoint(open(), target(), false); }),
              HasSubstr("1 missing: bert.encoder.layer.0.output.dense.weight"));
  EXPECT_FALSE(fs::exists(target()));
}

TEST_F(OddModels, ATensorOfAnotherShapeIsRefused) {
  tensors_["cls.predictions.bias"] = {{11}, std::vector<float>(11)};
  EXPECT_THAT(error_of([&] { convert_checkpoint(open(), target(), false); }),
              HasSubstr("1 of another shape: cls.predictions.bias (wanted [12], found [11])"));
}

TEST_F(ConversionTest, NothingThatIsThereIsReplaced) {
  fs::create_directory(target());
  const Checkpoint source = open_model(golden / "pretraining");
  EXPECT_NO_THROW(convert_checkpoint(source, target(), false)) << "an empty folder will do";
  EXPECT_THAT(error_of([&] { convert_checkpoint(source, target(), false); }), HasSubstr("is not empty"));
  write_file(folder_ / "file", "text");
  EXPECT_THAT(error_of([&] { convert_checkpoint(source, folder_ / "file", false); }),
              HasSubstr("it is a file"));
}

}  // namespace
}  // namespace cloze
