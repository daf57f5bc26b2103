#include "engine/checkpoint/huggingface_config.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

using nlohmann::json;
using testing::error_of;
using ::testing::HasSubstr;

HuggingfaceConfig read(const char* text) {
  return huggingface_config_from(json::parse(text), "config.json");
}

TEST(HuggingfaceConfig, RoundTrip) {
  const HuggingfaceConfig config{.bert = {.vocabulary_size = 30522,
                                          .hidden_size = 1024,
                                          .layers = 24,
                                          .heads = 16,
                                          .intermediate_size = 4096,
                                          .activation = Activation::gelu_erf,
                                          .hidden_dropout = 0.15f,
                                          .attention_dropout = 0,
                                          .max_positions = 128,
                                          .token_types = 16,
                                          .initializer_range = 0.01f,
                                          .layer_norm_epsilon = 1e-5f},
                                 .architecture = "BertForSequenceClassification",
                                 .labels = {"entailment", "neutral", "contradiction"}};
  EXPECT_EQ(huggingface_config_from(to_json(config), "config.json"), config);
}

TEST(HuggingfaceConfig, WritesWhatTransformersReads) {
  const json document = to_json({.bert = {.vocabulary_size = 100}});
  EXPECT_EQ(document["model_type"], "bert");
  EXPECT_EQ(document["architectures"], json({"BertForPreTraining"}));
  EXPECT_EQ(document["hidden_act"], "gelu_new");
  EXPECT_EQ(document["hidden_dropout_prob"].dump(), "0.1");
  EXPECT_EQ(document["layer_norm_eps"].dump(), "1e-12");
  EXPECT_FALSE(document.contains("id2label"));
}

TEST(HuggingfaceConfig, EveryActivationKeepsItsMeaning) {
  for (const Activation activation : {Activation::gelu_tanh, Activation::gelu_erf, Activation::relu,
                                      Activation::tanh, Activation::identity}) {
    const HuggingfaceConfig config{.bert = {.vocabulary_size = 8, .activation = activation}};
    EXPECT_EQ(huggingface_config_from(to_json(config), "").bert.activation, activation);
  }
  EXPECT_EQ(read(R"({"hidden_act": "gelu_pytorch_tanh"})").bert.activation, Activation::gelu_tanh);
}

TEST(HuggingfaceConfig, MissingKeysHaveTransformersDefaults) {
  const HuggingfaceConfig config = read("{}");
  EXPECT_EQ(config.bert.vocabulary_size, 30522);
  EXPECT_EQ(config.bert.hidden_size, 768);
  EXPECT_EQ(config.bert.activation, Activation::gelu_erf);  // not Google's tanh form
  EXPECT_EQ(config.bert.token_types, 2);
  EXPECT_EQ(config.architecture, "BertModel");
  EXPECT_TRUE(config.labels.empty());
}

TEST(HuggingfaceConfig, UnknownKeysAndNullsAreIgnored) {
  EXPECT_EQ(read(R"({"torch_dtype": "bfloat16", "hidden_size": null, "pruned_heads": {}})").bert.hidden_size,
            768);
}

TEST(HuggingfaceConfig, RefusesOtherModelsAndImpossibleSizes) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"model_type": "roberta"})", "model_type is `roberta`"},
      {R"({"architectures": ["DistilBertModel"]})", "its architecture is `DistilBertModel`"},
      {R"({"position_embedding_type": "relative_key"})", "position_embedding_type is `relative_key`"},
      {R"({"is_decoder": true})", "a decoder"},
      {R"({"hidden_act": "silu"})", "hidden_act `silu` is not known"},
      {R"({"hidden_act": 7})", "`hidden_act` is an integer"},
      {R"({"hidden_size": 0})", "hidden_size is 0"},
      {R"({"hidden_size": "768"})", "`hidden_size` is a text"},
      {R"({"hidden_size": 1e3})", "`hidden_size` is a number with a fraction"},
      {R"({"vocab_size": 99999999999})", "vocab_size is 99999999999"},
      {R"({"num_attention_heads": 7})", "768 is not a multiple of num_attention_heads 7"},
      {R"({"hidden_dropout_prob": 1.5})", "hidden_dropout_prob is 1.5"},
      {R"({"layer_norm_eps": -1})", "layer_norm_eps is -1"},
      {R"({"id2label": {"0": "a", "2": "b"}})", "no name for output 1"},
      {R"({"id2label": {"0": 1}})", "no name for output 0"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(error_of([&] { read(text); }), HasSubstr(message)) << text;
  }
}

TEST(HuggingfaceConfig, BrokenFilesAreNamed) {
  const testing::TemporaryFolder folder;
  write_file(folder / "config.json", "{\"hidden_size\": }");
  EXPECT_THAT(error_of([&] { read_huggingface_config(folder / "config.json"); }), HasSubstr("config.json"));
  write_file(folder / "config.json", "[]");
  EXPECT_THAT(error_of([&] { read_huggingface_config(folder / "config.json"); }),
              HasSubstr("expected a JSON object"));
}

}  // namespace
}  // namespace cloze
