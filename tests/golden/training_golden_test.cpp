#include <gtest/gtest.h>

#include "engine/optim/optimizer_options.h"
#include "engine/optim/schedule.h"
#include "tests/golden/golden_model.h"

// Whole training runs on one batch, dropout off, against the same in float64 with PyTorch's autograd.
namespace cloze {
namespace {

struct TrainingRun {
  std::string name;
  OptimizerKind kind;
  bool bias_correction;
  ScheduleKind schedule;
  double peak;
  int64_t steps, warmup;
  DeviceKind device;
};

class TrainingGolden : public testing::TestWithParam<TrainingRun> {};

TEST_P(TrainingGolden, LossesFollowPyTorch) {
  const TrainingRun& run = GetParam();
  const auto golden = read_doubles(golden_folder() / "training.safetensors");
  const std::vector<double>& losses = golden.at(run.name + ".loss");
  const PretrainingBatch batch = golden_batch();
  const OptimizerOptions optimizer{
      .kind = run.kind, .learning_rate = run.peak, .bias_correction = run.bias_correction};
  const ScheduleOptions schedule{.kind = run.schedule, .warmup_steps = run.warmup};

  PretrainingCompileOptions options;
  const ParameterLayout layout = bert_parameters(golden_config(), {});
  options.update = update_attributes(
      layout, run.kind == OptimizerKind::adamw ? UpdateRule::adamw : UpdateRule::lamb, 0.01f);
  GoldenModel model(run.device, golden_config(), options);
  ASSERT_EQ(losses.size(), static_cast<size_t>(run.steps));
  for (int64_t step = 0; step < run.steps; ++step) {
    const double rate = learning_rate(schedule, run.peak, step, run.steps);
    EXPECT_NEAR(rate, golden.at(run.name + ".learning_rate")[static_cast<size_t>(step)], 1e-12);
    const auto scalars = optimizer_scalars(optimizer, rate, step);
    const float values[] = {static_cast<float>(scalars[0]), static_cast<float>(scalars[1]),
                            static_cast<float>(scalars[2])};
    model.step({batch}, values);
    EXPECT_NEAR(model.metrics.loss(), losses[static_cast<size_t>(step)], 1e-4) << "step " << step;
    EXPECT_NEAR(model.gradient_norm / golden.at(run.name + ".gradient_norm")[static_cast<size_t>(step)], 1,
                1e-3);
  }
}

INSTANTIATE_TEST_SUITE_P(Runs, TrainingGolden,
                         testing::Values(TrainingRun{"adamw_bert", OptimizerKind::adamw, false,
                                                     ScheduleKind::bert, 1e-3, 50, 10, DeviceKind::cpu},
                                         TrainingRun{"adamw_corrected", OptimizerKind::adamw, true,
                                                     ScheduleKind::linear, 1e-3, 10, 2, DeviceKind::cpu},
                                         TrainingRun{"lamb", OptimizerKind::lamb, true,
                                                     ScheduleKind::constant, 1e-2, 10, 0, DeviceKind::cpu},
                                         TrainingRun{"adamw_bert", OptimizerKind::adamw, false,
                                                     ScheduleKind::bert, 1e-3, 50, 10,
                                                     DeviceKind::reference}),
                         [](const auto& instance) {
                           return instance.param.name +
                                  (instance.param.device == DeviceKind::cpu ? "_cpu" : "_reference");
                         });

}  // namespace
}  // namespace cloze
