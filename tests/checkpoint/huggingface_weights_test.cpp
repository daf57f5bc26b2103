#include "engine/checkpoint/huggingface_weights.h"

#include <gmock/gmock.h>

#include "engine/checkpoint/safetensors.h"
#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

using testing::error_of;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

const std::vector<float> pair = {1, 2}, other = {3, 4};

TEST(HuggingfaceWeights, CanonicalNames) {
  EXPECT_EQ(canonical_name("bert.encoder.layer.0.attention.self.query.weight"),
            "bert.encoder.layer.0.attention.self.query.weight");
  EXPECT_EQ(canonical_name("encoder.layer.11.output.LayerNorm.gamma"),
            "bert.encoder.layer.11.output.LayerNorm.weight");
  EXPECT_EQ(canonical_name("bert.embeddings.LayerNorm.beta"), "bert.embeddings.LayerNorm.bias");
  EXPECT_EQ(canonical_name("pooler.dense.bias"), "bert.pooler.dense.bias");
  EXPECT_EQ(canonical_name("cls.predictions.transform.LayerNorm.gamma"),
            "cls.predictions.transform.LayerNorm.weight");
  EXPECT_EQ(canonical_name("cls.predictions.decoder.bias"), "cls.predictions.bias");
  EXPECT_EQ(canonical_name("classifier.weight"), "classifier.weight");
  EXPECT_EQ(canonical_name("cls.predictions.decoder.weight"), "");
  EXPECT_EQ(canonical_name("embeddings.position_ids"), "");
}

TEST(HuggingfaceWeights, OldNamesReadAsNewOnes) {
  const TemporaryFolder folder;
  write_safetensors(folder / "model.safetensors",
                    std::vector<NamedTensor>{{"embeddings.LayerNorm.gamma", {2}, pair},
                                             {"embeddings.position_ids", {1, 2}, pair},
                                             {"cls.predictions.decoder.weight", {2}, pair},
                                             {"cls.predictions.decoder.bias", {2}, other},
                                             {"cls.predictions.bias", {2}, other}});
  const auto weights = open_huggingface_weights(folder.path());
  EXPECT_EQ(weights->tensors().size(), 2u);
  EXPECT_EQ(weights->values_of("bert.embeddings.LayerNorm.weight"), pair);
  EXPECT_EQ(weights->values_of("cls.predictions.bias"), other);
}

TEST(HuggingfaceWeights, ACopyOfTheEmbeddingsIsNoMatrixOfItsOwn) {
  const TemporaryFolder folder;
  write_safetensors(folder / "model.safetensors",
                    std::vector<NamedTensor>{{"bert.embeddings.word_embeddings.weight", {1, 2}, pair},
                                             {"cls.predictions.decoder.weight", {1, 2}, pair},
                                             {"cls.predictions.bias", {2}, other}});
  EXPECT_EQ(
      testing::logged([&] { EXPECT_EQ(open_huggingface_weights(folder.path())->tensors().size(), 2u); }), "");
}

TEST(HuggingfaceWeights, AHeadWithAMatrixOfItsOwnIsLeftOut) {
  const TemporaryFolder folder;
  write_safetensors(folder / "model.safetensors",
                    std::vector<NamedTensor>{{"bert.embeddings.word_embeddings.weight", {1, 2}, pair},
                                             {"cls.predictions.bias", {2}, other},
                                             {"cls.predictions.decoder.weight", {1, 2}, other},
                                             {"cls.predictions.transform.dense.bias", {2}, other},
                                             {"cls.seq_relationship.bias", {2}, other}});
  EXPECT_THAT(testing::logged([&] {
                const auto weights = open_huggingface_weights(folder.path());
                ASSERT_EQ(weights->tensors().size(), 2u);
                EXPECT_EQ(weights->values_of("bert.embeddings.word_embeddings.weight"), pair);
                EXPECT_EQ(weights->values_of("cls.seq_relationship.bias"), other);
              }),
              HasSubstr("`cls.predictions.decoder.weight` is not equal to"));
}

TEST(HuggingfaceWeights, OneTensorUnderTwoNamesIsRefused) {
  const TemporaryFolder folder;
  write_safetensors(
      folder / "model.safetensors",
      std::vector<NamedTensor>{{"pooler.dense.bias", {2}, pair}, {"bert.pooler.dense.bias", {2}, other}});
  EXPECT_THAT(error_of([&] { open_huggingface_weights(folder.path()); }),
              HasSubstr("`bert.pooler.dense.bias` is there twice"));
}

TEST(HuggingfaceWeights, ShardsReadAsOne) {
  const TemporaryFolder folder;
  write_safetensors(folder / "1.safetensors",
                    std::vector<NamedTensor>{{"bert.pooler.dense.bias", {2}, pair}});
  write_safetensors(folder / "2.safetensors", std::vector<NamedTensor>{{"classifier.bias", {2}, other}});
  write_file(
      folder / "model.safetensors.index.json",
      R"({"weight_map": {"bert.pooler.dense.bias": "1.safetensors", "classifier.bias": "2.safetensors"}})");
  const auto weights = open_huggingface_weights(folder.path());
  EXPECT_EQ(weights->values_of("bert.pooler.dense.bias"), pair);
  EXPECT_EQ(weights->values_of("classifier.bias"), other);

  std::filesystem::remove(folder / "2.safetensors");
  EXPECT_THAT(error_of([&] { open_huggingface_weights(folder.path()); }),
              AllOf(HasSubstr("a part of the model's weights is missing"), HasSubstr("2.safetensors")));
}

TEST(HuggingfaceWeights, BadIndexesAreRefused) {
  const TemporaryFolder folder;
  const std::pair<const char*, const char*> cases[] = {
      {"{}", "no weight_map"},
      {R"({"weight_map": {}})", "no weight_map"},
      {R"({"weight_map": {"a": 1}})", "the file of `a` is no string"},
      {R"({"weight_map": {"a": "../secret"}})", "not the name of a file beside it"},
      {R"({"weight_map": {"a": "/etc/passwd"}})", "not the name of a file beside it"},
      {R"({"weight_map": {"a": ".."}})", "not the name of a file beside it"},
      {R"({"weight_map": {"a": ""}})", "not the name of a file beside it"},
      {"[]", "no weight_map"}};
  for (const auto& [text, message] : cases) {
    write_file(folder / "model.safetensors.index.json", text);
    EXPECT_THAT(error_of([&] { open_huggingface_weights(folder.path()); }), HasSubstr(message));
  }
}

TEST(HuggingfaceWeights, APickleIsRefusedWithTheWayToConvertIt) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { open_huggingface_weights(folder.path()); }), HasSubstr("no model weights here"));
  write_file(folder / "pytorch_model.bin", "pickle");
  EXPECT_THAT(error_of([&] { open_huggingface_weights(folder.path()); }), HasSubstr("save_pretrained"));
}

}  // namespace
}  // namespace cloze
