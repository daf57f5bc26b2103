// Folders that transformers and safetensors wrote (tests/golden/checkpoint/make_golden.py).
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "engine/base/json.h"
#include "engine/checkpoint/checkpoint_store.h"
#include "engine/checkpoint/huggingface_weights.h"
#include "engine/checkpoint/safetensors.h"
#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

const std::filesystem::path golden = std::filesystem::path(CLOZE_SOURCE_DIR) / "tests/golden/checkpoint";

void expect_tensors(const TensorSource& source, const nlohmann::json& expected, const std::string& prefix) {
  EXPECT_EQ(source.tensors().size(), expected.size());
  for (const auto& [name, wanted] : expected.items()) {
    const int64_t index = source.find(prefix + name);
    ASSERT_GE(index, 0) << prefix + name;
    EXPECT_EQ(source.tensors()[static_cast<size_t>(index)].shape, wanted["shape"].get<std::vector<int64_t>>())
        << name;
    const std::vector<float> values = source.values_of(prefix + name);
    EXPECT_NEAR(std::accumulate(values.begin(), values.end(), 0.0), wanted["sum"].get<double>(), 1e-9)
        << name;
    for (size_t i = 0; i < wanted["first"].size(); ++i) {
      EXPECT_EQ(values.at(i), wanted["first"][i].get<float>()) << name;
    }
  }
}

TEST(Golden, EveryElementTypeOfSafetensors) {
  expect_tensors(SafetensorsFile(golden / "element_types/model.safetensors"),
                 read_json(golden / "element_types/expected.json"), "");
}

TEST(Golden, APretrainingModelOfTransformers) {
  const Checkpoint checkpoint = open_model(golden / "pretraining");
  expect_tensors(checkpoint.parameters(), read_json(golden / "pretraining/expected.json"), "");
  EXPECT_EQ(checkpoint.config().bert.hidden_dropout, 0.2f);
  EXPECT_EQ(checkpoint.config().bert.activation, Activation::gelu_tanh);
  EXPECT_EQ(checkpoint.config().architecture, "BertForPreTraining");
  EXPECT_FALSE(checkpoint.tokenizer().options.lowercase);
  EXPECT_EQ(checkpoint.tokenizer().options.strip_accents, false);
  EXPECT_EQ(checkpoint.tokenizer().vocabulary->size(), 12);
  EXPECT_EQ(checkpoint.tokenizer().vocabulary->piece(8), "ä");
  EXPECT_FALSE(checkpoint.resumable());
}

TEST(Golden, AnEncoderInShardsOfBf16) {
  const Checkpoint checkpoint = open_model(golden / "sharded_bf16");
  expect_tensors(checkpoint.parameters(), read_json(golden / "sharded_bf16/expected.json"), "bert.");
  EXPECT_EQ(checkpoint.parameters().tensors()[0].type, "BF16");
}

TEST(Golden, APublishedEncoder) {
  const std::filesystem::path folder =
      std::filesystem::path(CLOZE_SOURCE_DIR) / "../shared/data/checkpoints/huggingface-tiny";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
  const Checkpoint checkpoint = open_model(folder);
  EXPECT_EQ(checkpoint.config().bert.hidden_size, 32);
  EXPECT_EQ(checkpoint.parameters().tensors().size(), 37u);
  EXPECT_GE(checkpoint.parameters().find("bert.embeddings.word_embeddings.weight"), 0);
}

}  // namespace
}  // namespace cloze
