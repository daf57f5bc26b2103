#include "engine/optim/optimizer_options.h"

#include <gtest/gtest.h>

#include <cmath>

namespace cloze {
namespace {

TEST(Decays, LayerNormsAndBiasesOfHuggingFaceAreExcluded) {
  for (const char* name :
       {"bert.embeddings.LayerNorm.weight", "bert.embeddings.LayerNorm.bias",
        "bert.encoder.layer.0.attention.self.query.bias",
        "bert.encoder.layer.11.attention.output.LayerNorm.weight", "bert.encoder.layer.3.output.dense.bias",
        "bert.pooler.dense.bias", "cls.predictions.bias", "cls.predictions.transform.LayerNorm.weight",
        "cls.seq_relationship.bias", "classifier.bias", "qa_outputs.bias"}) {
    EXPECT_FALSE(decays(name)) << name;
  }
}

TEST(Decays, WeightsAndEmbeddingsDecay) {
  for (const char* name :
       {"bert.embeddings.word_embeddings.weight", "bert.embeddings.position_embeddings.weight",
        "bert.embeddings.token_type_embeddings.weight", "bert.encoder.layer.0.attention.self.key.weight",
        "bert.encoder.layer.0.attention.output.dense.weight",
        "bert.encoder.layer.0.intermediate.dense.weight", "bert.pooler.dense.weight",
        "cls.predictions.transform.dense.weight", "cls.seq_relationship.weight", "classifier.weight",
        "qa_outputs.weight"}) {
    EXPECT_TRUE(decays(name)) << name;
  }
}

TEST(Decays, GoogleNamesGiveTheSameAnswer) {
  EXPECT_FALSE(decays("bert/embeddings/LayerNorm/gamma"));
  EXPECT_FALSE(decays("cls/predictions/output_bias"));
  EXPECT_FALSE(decays("encoder/layer_norm/gamma"));
  EXPECT_TRUE(decays("bert/encoder/layer_0/output/dense/kernel"));
  EXPECT_TRUE(decays("cls/seq_relationship/output_weights"));
}

TEST(WeightDecay, IsZeroForExcludedParameters) {
  OptimizerOptions options;
  options.weight_decay = 0.25;
  EXPECT_EQ(weight_decay_of(options, "bert.pooler.dense.weight"), 0.25);
  EXPECT_EQ(weight_decay_of(options, "bert.pooler.dense.bias"), 0);
}

TEST(OptimizerScalars, WithoutBiasCorrectionAreOne) {
  for (const int64_t updates : {0, 1, 1000}) {
    const auto scalars = optimizer_scalars(OptimizerOptions(), 3e-5, updates);
    EXPECT_EQ(scalars[OptimizerScalars::learning_rate], 3e-5);
    EXPECT_EQ(scalars[OptimizerScalars::first_moment_correction], 1);
    EXPECT_EQ(scalars[OptimizerScalars::second_moment_correction], 1);
  }
}

TEST(OptimizerScalars, BiasCorrectionUndoesTheZeroStart) {
  OptimizerOptions options;
  options.bias_correction = true;
  double first = 0, second = 0;  // moments of a gradient that is always 1: corrected, they are 1
  for (int64_t updates = 0; updates < 5000; ++updates) {
    first = options.beta1 * first + (1 - options.beta1);
    second = options.beta2 * second + (1 - options.beta2);
    const auto scalars = optimizer_scalars(options, 1e-4, updates);
    ASSERT_NEAR(first * scalars[OptimizerScalars::first_moment_correction], 1, 1e-12) << updates;
    ASSERT_NEAR(second * scalars[OptimizerScalars::second_moment_correction], 1, 1e-12) << updates;
  }
}

TEST(OptimizerScalars, AMomentWithoutMemoryNeedsNoCorrection) {
  OptimizerOptions options;
  options.bias_correction = true;
  options.beta1 = 0;
  EXPECT_EQ(optimizer_scalars(options, 1e-4, 0)[OptimizerScalars::first_moment_correction], 1);
}

// Three updates of one weight with the scalars, against torch.optim.AdamW(lr=0.1, eps=1e-6,
// weight_decay=0.01) in float64: the step the kernels compute is torch's when bias_correction is on.
TEST(OptimizerScalars, GiveTorchsAdamW) {
  OptimizerOptions options;
  options.bias_correction = true;
  double weight = 0.5, first = 0, second = 0;
  for (int64_t updates = 0; updates < 3; ++updates) {
    const double gradient = weight * weight - 1;
    first = options.beta1 * first + (1 - options.beta1) * gradient;
    second = options.beta2 * second + (1 - options.beta2) * gradient * gradient;
    const auto scalars = optimizer_scalars(options, 0.1, updates);
    const double corrected = first * scalars[OptimizerScalars::first_moment_correction];
    const double root = std::sqrt(second * scalars[OptimizerScalars::second_moment_correction]);
    weight -= scalars[OptimizerScalars::learning_rate] *
              (corrected / (root + options.epsilon) + options.weight_decay * weight);
  }
  EXPECT_NEAR(weight, 0.7950480406341209, 1e-14);
}

}  // namespace
}  // namespace cloze
