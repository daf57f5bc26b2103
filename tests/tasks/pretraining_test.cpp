#include <gtest/gtest.h>

#include <cmath>

#include "tests/tasks/small_pretraining.h"

namespace cloze::testing {
namespace {

TEST(PretrainingMetrics, SumsAndMeans) {
  PretrainingMetrics metrics{.tokens = 20,
                             .sequences = 2,
                             .predictions = 3,
                             .masked_loss_sum = 6,
                             .masked_correct = 1,
                             .mask_token_predictions = 2,
                             .mask_token_loss_sum = 5,
                             .next_loss_sum = 1,
                             .next_correct = 2};
  metrics += {.tokens = 10,
              .sequences = 2,
              .predictions = 1,
              .masked_loss_sum = 2,
              .masked_correct = 1,
              .mask_token_predictions = 2,
              .mask_token_loss_sum = 1,
              .next_loss_sum = 2,
              .next_correct = 1};
  EXPECT_EQ(metrics.tokens, 30);
  EXPECT_EQ(metrics.sequences, 4);
  EXPECT_EQ(metrics.predictions, 4);
  EXPECT_DOUBLE_EQ(metrics.loss(), 8 / (4 + 1e-5) + 0.75);
  EXPECT_DOUBLE_EQ(metrics.masked_loss(), 2);
  EXPECT_DOUBLE_EQ(metrics.masked_accuracy(), 0.5);
  EXPECT_DOUBLE_EQ(metrics.perplexity(), std::exp(2.0));
  EXPECT_DOUBLE_EQ(metrics.mask_token_loss(), 1.5);
  EXPECT_DOUBLE_EQ(metrics.next_loss(), 0.75);
  EXPECT_DOUBLE_EQ(metrics.next_accuracy(), 0.75);
}

TEST(PretrainingMetrics, NothingPredictedIsNoDivisionByZero) {
  const PretrainingMetrics empty;
  EXPECT_EQ(empty.loss(), 0);
  EXPECT_EQ(empty.masked_loss(), 0);
  EXPECT_EQ(empty.masked_accuracy(), 0);
  EXPECT_EQ(empty.perplexity(), 1);
  EXPECT_EQ(empty.mask_token_loss(), 0);
  EXPECT_EQ(empty.next_loss(), 0);
  EXPECT_EQ(empty.next_accuracy(), 0);
}

// What a program reports is what its graph computed.
TEST(Pretraining, MetricsCountTheBatch) {
  const BertConfig config = small_config();
  const std::vector<Sequence> sequences = made_up_sequences(config, 6);
  PretrainingBatch batch = pack(sequences);
  ASSERT_GE(batch.live_predictions, 3);
  batch.prediction_kinds[1] = MaskKind::kept;
  SmallModel model(DeviceKind::cpu, config);
  model.differentiate({batch});
  EXPECT_EQ(model.metrics.sequences, 6);
  EXPECT_EQ(model.metrics.tokens, batch.sequences.live_tokens);
  EXPECT_EQ(model.metrics.predictions, batch.live_predictions);
  EXPECT_EQ(model.metrics.mask_token_predictions, batch.live_predictions - 1);
  EXPECT_LT(model.metrics.mask_token_loss_sum, model.metrics.masked_loss_sum);
  PretrainingProgram& program = model.programs().training(batch.capacity, {.first = true, .last = false});
  float masked = 0, next = 0;
  const Executable& executable = program.executable();
  executable.read(executable.result(pretraining_names::masked_loss), std::span<float>(&masked, 1));
  executable.read(executable.result(pretraining_names::next_loss), std::span<float>(&next, 1));
  EXPECT_NEAR(masked + next, model.metrics.loss(), 1e-5 * model.metrics.loss());
}

TEST(Pretraining, EvaluationIsTrainingWithoutDropout) {
  const std::vector<Sequence> sequences = made_up_sequences(small_config(), 5);
  const PretrainingBatch batch = pack(sequences);
  SmallModel plain(DeviceKind::cpu, small_config()), dropping(DeviceKind::cpu, small_config(0.2f));
  plain.differentiate({batch});
  PretrainingProgram& program = dropping.programs().evaluation(batch.capacity);
  program.load(batch, {.global_predictions = batch.live_predictions, .global_sequences = 5});
  program.run();
  EXPECT_NEAR(program.metrics(batch).loss(), plain.metrics.loss(), 1e-5);
  dropping.differentiate({batch}, {1, 2});
  EXPECT_GT(std::abs(dropping.metrics.loss() - plain.metrics.loss()), 1e-3);
}

// However a global batch of eight sequences is cut, the update is the same: losses are normalised by global
// counts and dropout masks follow the global index of a sequence.
class Cut : public ::testing::TestWithParam<DeviceKind> {};

TEST_P(Cut, GivesTheSameUpdate) {
  const double tolerance = GetParam() == DeviceKind::reference ? 1e-12 : 2e-5;
  const BertConfig config = small_config(0.1f);
  const std::vector<Sequence> sequences = made_up_sequences(config, 8);
  const auto run = [&](size_t size) {
    auto model = std::make_unique<SmallModel>(GetParam(), config);
    for (uint32_t step = 0; step < 3; ++step) model->update(micro_batches(sequences, size), 0.01f, {step, 7});
    return model;
  };
  const auto whole = run(8);
  const SmallModel initial(GetParam(), config);
  EXPECT_GT(largest_relative_error(whole->flat(Memory::parameters), initial.flat(Memory::parameters)), 0.01);
  for (const size_t size : {4u, 3u, 2u, 1u}) {
    const auto cut = run(size);
    EXPECT_NEAR(cut->metrics.loss(), whole->metrics.loss(), 1e-5) << size;
    EXPECT_EQ(cut->metrics.predictions, whole->metrics.predictions);
    for (const Memory memory :
         {Memory::gradients, Memory::parameters, Memory::first_moment, Memory::second_moment})
      EXPECT_LE(largest_relative_error(cut->flat(memory), whole->flat(memory)), tolerance)
          << name_of(memory) << " in micro-batches of " << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Pretraining, Cut, ::testing::Values(DeviceKind::reference, DeviceKind::cpu),
                         [](const auto& instance) {
                           return instance.param == DeviceKind::cpu ? "cpu" : "reference";
                         });

TEST(Pretraining, DropoutDependsOnKeyAndGlobalIndex) {
  const BertConfig config = small_config(0.1f);
  const std::vector<Sequence> sequences = made_up_sequences(config, 2);
  SmallModel model(DeviceKind::cpu, config);
  const auto loss = [&](int64_t first_index, PhiloxKey key) {
    model.differentiate({pack(sequences, first_index)}, key);
    return model.metrics.loss();
  };
  const double once = loss(0, {1, 2});
  EXPECT_EQ(loss(0, {1, 2}), once);
  EXPECT_NE(loss(0, {1, 3}), once);
  EXPECT_NE(loss(4, {1, 2}), once);
}

TEST(Pretraining, OverfitsATinyBatch) {
  const BertConfig config = small_config(0.1f);
  const std::vector<Sequence> sequences = with_a_prediction_each(made_up_sequences(config, 4));
  SmallModel model(DeviceKind::cpu, config);
  const std::vector<PretrainingBatch> batches{pack(sequences)};
  model.update(batches, 0);
  EXPECT_GT(model.metrics.loss(), 3);
  for (uint32_t step = 0; step < 150; ++step) model.update(batches, 0.005f, {step, 1});
  PretrainingProgram& program = model.programs().evaluation(batches[0].capacity);
  program.load(batches[0], {.global_predictions = batches[0].live_predictions, .global_sequences = 4});
  program.run();
  const PretrainingMetrics metrics = program.metrics(batches[0]);
  EXPECT_LT(metrics.loss(), 0.1);
  EXPECT_EQ(metrics.masked_accuracy(), 1);
  EXPECT_EQ(metrics.next_accuracy(), 1);
}

}  // namespace
}  // namespace cloze::testing
