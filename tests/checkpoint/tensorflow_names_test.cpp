#include "engine/checkpoint/tensorflow_names.h"

#include <gtest/gtest.h>

namespace cloze {
namespace {

std::string plain(std::string_view variable) {
  const auto name = huggingface_name(variable);
  return name && !name->transposed ? name->name : "";
}
std::string transposed(std::string_view variable) {
  const auto name = huggingface_name(variable);
  return name && name->transposed ? name->name : "";
}

TEST(TensorflowNames, EveryVariableOfBert) {
  EXPECT_EQ(plain("bert/embeddings/word_embeddings"), "bert.embeddings.word_embeddings.weight");
  EXPECT_EQ(plain("bert/embeddings/position_embeddings"), "bert.embeddings.position_embeddings.weight");
  EXPECT_EQ(plain("bert/embeddings/token_type_embeddings"), "bert.embeddings.token_type_embeddings.weight");
  EXPECT_EQ(plain("bert/embeddings/LayerNorm/gamma"), "bert.embeddings.LayerNorm.weight");
  EXPECT_EQ(plain("bert/embeddings/LayerNorm/beta"), "bert.embeddings.LayerNorm.bias");
  const std::string scope = "bert/encoder/layer_11/", layer = "bert.encoder.layer.11.";
  for (const std::string input : {"query", "key", "value"}) {
    EXPECT_EQ(transposed(scope + "attention/self/" + input + "/kernel"),
              layer + "attention.self." + input + ".weight");
    EXPECT_EQ(plain(scope + "attention/self/" + input + "/bias"),
              layer + "attention.self." + input + ".bias");
  }
  EXPECT_EQ(transposed(scope + "attention/output/dense/kernel"), layer + "attention.output.dense.weight");
  EXPECT_EQ(plain(scope + "attention/output/LayerNorm/gamma"), layer + "attention.output.LayerNorm.weight");
  EXPECT_EQ(transposed(scope + "intermediate/dense/kernel"), layer + "intermediate.dense.weight");
  EXPECT_EQ(plain(scope + "intermediate/dense/bias"), layer + "intermediate.dense.bias");
  EXPECT_EQ(transposed(scope + "output/dense/kernel"), layer + "output.dense.weight");
  EXPECT_EQ(plain(scope + "output/LayerNorm/beta"), layer + "output.LayerNorm.bias");
  EXPECT_EQ(transposed("bert/pooler/dense/kernel"), "bert.pooler.dense.weight");
}

TEST(TensorflowNames, Heads) {
  EXPECT_EQ(transposed("cls/predictions/transform/dense/kernel"), "cls.predictions.transform.dense.weight");
  EXPECT_EQ(plain("cls/predictions/transform/LayerNorm/gamma"), "cls.predictions.transform.LayerNorm.weight");
  EXPECT_EQ(plain("cls/predictions/output_bias"), "cls.predictions.bias");
  EXPECT_EQ(plain("cls/seq_relationship/output_weights"), "cls.seq_relationship.weight");
  EXPECT_EQ(plain("output_weights"), "classifier.weight");
  EXPECT_EQ(plain("output_bias"), "classifier.bias");
  EXPECT_EQ(plain("cls/squad/output_weights"), "qa_outputs.weight");
}

TEST(TensorflowNames, NothingElseIsTranslated) {
  for (const char* name :
       {"bert/encoder/layer_/output/dense/kernel", "bert/encoder/layer_01/output/dense/kernel",
        "bert/encoder/layer_1/output/dense/kernels", "bert/encoder/layer_1",
        "bert/encoder/layer_1/attention/self", "bert/encoder/layer_1/attention/self/queries/kernel",
        "bert/pooler/dense/gamma/x", "bert/embeddings",
        "bert/encoder/transformer/group_0/inner_group_0/attention_1/self/key/kernel", "electra/embeddings",
        "", "bert/pooler/dense/kernel/adam_m"}) {
    EXPECT_EQ(huggingface_name(name), std::nullopt) << name;
  }
}

TEST(TensorflowNames, OptimizerSlots) {
  const auto first = optimizer_slot("bert/pooler/dense/kernel/adam_m");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->variable, "bert/pooler/dense/kernel");
  EXPECT_EQ(first->slot, Slot::first_moment);
  EXPECT_EQ(optimizer_slot("output_bias/adam_v")->slot, Slot::second_moment);
  EXPECT_EQ(optimizer_slot("output_bias/Adam_1")->slot, Slot::other);
  EXPECT_EQ(optimizer_slot("beta1_power")->variable, "");
  EXPECT_FALSE(optimizer_slot("bert/pooler/dense/kernel"));
  EXPECT_FALSE(optimizer_slot("global_step"));
}

}  // namespace
}  // namespace cloze
