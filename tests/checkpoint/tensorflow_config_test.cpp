#include "engine/checkpoint/tensorflow_config.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

using testing::error_of;
using ::testing::HasSubstr;

BertConfig read(const char* text) {
  return tensorflow_config_from(nlohmann::json::parse(text), "bert_config.json");
}

TEST(TensorflowConfig, MissingKeysHaveGooglesDefaults) {
  const BertConfig config = read(R"({"vocab_size": 30522})");
  EXPECT_EQ(config, (BertConfig{.vocabulary_size = 30522, .token_types = 16}));
  EXPECT_EQ(config.activation, Activation::gelu_tanh);
}

TEST(TensorflowConfig, EveryKey) {
  const BertConfig config = read(R"({
    "attention_probs_dropout_prob": 0.2, "directionality": "bidi", "hidden_act": "relu",
    "hidden_dropout_prob": 0.3, "hidden_size": 1024, "initializer_range": 0.01, "intermediate_size": 4096,
    "max_position_embeddings": 128, "num_attention_heads": 16, "num_hidden_layers": 24, "type_vocab_size": 2,
    "vocab_size": 28996, "layer_norm_eps": 0.5})");
  EXPECT_EQ(config, (BertConfig{.vocabulary_size = 28996,
                                .hidden_size = 1024,
                                .layers = 24,
                                .heads = 16,
                                .intermediate_size = 4096,
                                .activation = Activation::relu,
                                .hidden_dropout = 0.3f,
                                .attention_dropout = 0.2f,
                                .max_positions = 128,
                                .token_types = 2,
                                .initializer_range = 0.01f}));
}

TEST(TensorflowConfig, ActivationsByGooglesNames) {
  EXPECT_EQ(read(R"({"vocab_size": 9, "hidden_act": "GELU"})").activation, Activation::gelu_tanh);
  EXPECT_EQ(read(R"({"vocab_size": 9, "hidden_act": "Tanh"})").activation, Activation::tanh);
  EXPECT_EQ(read(R"({"vocab_size": 9, "hidden_act": "linear"})").activation, Activation::identity);
  EXPECT_EQ(read(R"({"vocab_size": 9, "hidden_act": ""})").activation, Activation::identity);
  EXPECT_EQ(read(R"({"vocab_size": 9, "hidden_act": null})").activation, Activation::identity);
}

TEST(TensorflowConfig, NonsenseIsRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({})", "it does not say vocab_size"},
      {R"({"vocab_size": 9, "hidden_act": "gelu_new"})", "hidden_act `gelu_new` is not known"},
      {R"({"vocab_size": 9, "hidden_act": 3})", "`hidden_act` is an integer"},
      {R"({"vocab_size": 9, "num_attention_heads": 7})", "768 is not a multiple of num_attention_heads 7"},
      {R"({"vocab_size": -1})", "vocab_size is -1"},
      {R"({"vocab_size": 9, "embedding_size": 128})", "ALBERT or ELECTRA"}};
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(error_of([&] { read(text); }), AllOf(HasSubstr(message), HasSubstr("bert_config.json")));
  }
}

}  // namespace
}  // namespace cloze
