// Training in FP8 on the CPU: what it carries from step to step, and that it learns.
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/quantize/scaling.h"
#include "tests/tasks/small_pretraining.h"

namespace cloze::testing {
namespace {

BertConfig config_of_16s() {
  BertConfig config = config_of_64(0.1f);
  config.initializer_range = 0.05f;
  return config;
}

std::vector<float> state_of(SmallModel& model) {
  std::vector<float> values(static_cast<size_t>(model.engine().state().elements()));
  model.engine().read(Memory::state, 0, std::span<float>(values));
  return values;
}

class Fp8Training : public ::testing::Test {
 protected:
  SmallModel model(Precision precision = Precision::fp8_products) {
    return SmallModel(DeviceKind::cpu, config, {}, precision);
  }
  const BertConfig config = config_of_16s();
};

TEST_F(Fp8Training, LearnsAsFloat32Does) {
  SmallModel fp8 = model(), full = model(Precision::full);
  double first = 0, losses = 0, full_losses = 0;
  for (uint32_t step = 0; step < 50; ++step) {
    const PretrainingBatch batch = pack(made_up_sequences(config, 10, 1 + step % 5));
    for (SmallModel* each : {&fp8, &full}) each->update({batch}, 0.002f, {step, 3});
    if (step == 0) first = full.metrics.loss();
    losses += fp8.metrics.loss();
    full_losses += full.metrics.loss();
    ASSERT_FALSE(fp8.skipped);
  }
  EXPECT_LT(full.metrics.loss(), 0.8 * first) << "nothing was learnt";
  EXPECT_NEAR(losses, full_losses, 0.05 * full_losses);
  EXPECT_NE(fp8.flat(Memory::parameters), full.flat(Memory::parameters));
}

// The first step is no worse for knowing no maxima yet.
TEST_F(Fp8Training, TheFirstGradientsAreThoseOfFloat32ButForRounding) {
  SmallModel fp8 = model(), full = model(Precision::full);
  const PretrainingBatch batch = pack(made_up_sequences(config, 10));
  for (SmallModel* each : {&fp8, &full}) each->differentiate({batch}, {4, 5});
  const std::vector<double> actual = fp8.flat(Memory::gradients), expected = full.flat(Memory::gradients);
  double error = 0, squares = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    error += (actual[i] - expected[i]) * (actual[i] - expected[i]);
    squares += expected[i] * expected[i];
  }
  EXPECT_LE(std::sqrt(error / squares), 0.05);
  EXPECT_GT(std::sqrt(error / squares), 1e-4) << "nothing was rounded";
}

// A step's largest magnitudes are those of all its micro-batches; the scales change at its end.
TEST_F(Fp8Training, MaximaAreThoseOfTheWholeStep) {
  using namespace scaling_columns;
  const std::vector<Sequence> sequences = made_up_sequences(config, 8);
  SmallModel whole = model(), cut = model();
  const std::vector<float> start = state_of(whole);
  whole.update(micro_batches(sequences, 8), 1e-3f, {5, 7});
  cut.update(micro_batches(sequences, 3), 1e-3f, {5, 7});
  const std::vector<float> one = state_of(whole), other = state_of(cut);
  ASSERT_EQ(one.size(), other.size());
  for (size_t row = 0; row < one.size(); row += scaling_columns::count) {
    EXPECT_EQ(one[row + amax], 0);
    const float latest = one[row + history + history_steps - 1];
    EXPECT_GT(latest, 0) << whole.engine().state().values()[row / scaling_columns::count].name;
    EXPECT_NEAR(other[row + history + history_steps - 1], latest, 0.05f * latest);
    EXPECT_EQ(one[row + scale], scale_for(latest, one[row + limit]));
    EXPECT_EQ(one[row + scale] * one[row + inverse], 1);
  }
  EXPECT_NE(one, start);
}

TEST_F(Fp8Training, EvaluationLeavesTheStateAlone) {
  SmallModel fp8 = model();
  const PretrainingBatch batch = pack(made_up_sequences(config, 8));
  fp8.update({batch}, 1e-3f, {1, 2});
  const std::vector<float> before = state_of(fp8);
  PretrainingProgram& program = fp8.programs().evaluation(batch.capacity);
  program.load(batch, {.global_predictions = batch.live_predictions, .global_sequences = 8});
  program.run();
  EXPECT_EQ(state_of(fp8), before);
}

// A NaN is no small number: the step is skipped, and the scales stay usable.
TEST_F(Fp8Training, ANanEndsInASkippedStep) {
  SmallModel fp8 = model();
  const PretrainingBatch batch = pack(made_up_sequences(config, 8));
  fp8.update({batch}, 1e-3f, {1, 2});
  const int64_t place = fp8.layout().at("bert.encoder.layer.1.output.dense.weight").offset;
  float before = 0;
  fp8.engine().read(Memory::parameters, place, std::span(&before, 1));
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    fp8.engine().write(Memory::parameters, place, std::span(&bad, 1));
    fp8.update({batch}, 1e-3f, {1, 2});
    EXPECT_TRUE(fp8.skipped);
  }
  for (const float value : state_of(fp8)) EXPECT_TRUE(std::isfinite(value));
  fp8.engine().write(Memory::parameters, place, std::span(&before, 1));
  fp8.update({batch}, 1e-3f, {1, 2});
  EXPECT_FALSE(fp8.skipped);
}

}  // namespace
}  // namespace cloze::testing
