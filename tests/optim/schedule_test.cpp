#include "engine/optim/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace cloze {
namespace {

using Rates = std::vector<std::pair<int64_t, double>>;  // step, learning rate

ScheduleOptions schedule(ScheduleKind kind, int64_t warmup) {
  ScheduleOptions options;
  options.kind = kind;
  options.warmup_steps = warmup;
  return options;
}

void expect_rates(const ScheduleOptions& options, double peak, int64_t total_steps, const Rates& rates) {
  for (const auto& [step, rate] : rates) {
    EXPECT_NEAR(learning_rate(options, peak, step, total_steps), rate, 1e-15 * peak) << "step " << step;
  }
}

TEST(Schedule, BertWarmsUpAndDecaysFromStepZero) {
  expect_rates(
      schedule(ScheduleKind::bert, 10), 1e-4, 100,
      {{0, 0}, {1, 1e-5}, {9, 9e-5}, {10, 9e-5}, {11, 8.9e-5}, {50, 5e-5}, {99, 1e-6}, {100, 0}, {150, 0}});
}

TEST(Schedule, BertWithoutWarmupStartsAtThePeak) {
  expect_rates(schedule(ScheduleKind::bert, 0), 2e-5, 4, {{0, 2e-5}, {1, 1.5e-5}, {3, 0.5e-5}, {4, 0}});
}

// The values of transformers 5.23 (get_*_schedule_with_warmup), warm-up 8, 100 steps, peak 2e-5.
TEST(Schedule, LinearIsHuggingFaces) {
  expect_rates(schedule(ScheduleKind::linear, 8), 2e-5, 100,
               {{0, 0},
                {3, 7.5e-06},
                {7, 1.75e-05},
                {8, 2e-05},
                {9, 1.9782608695652176e-05},
                {33, 1.456521739130435e-05},
                {50, 1.0869565217391305e-05},
                {99, 2.173913043478261e-07},
                {100, 0},
                {101, 0}});
}

TEST(Schedule, CosineIsHuggingFaces) {
  expect_rates(schedule(ScheduleKind::cosine, 8), 2e-5, 100,
               {{0, 0},
                {7, 1.75e-05},
                {8, 2e-05},
                {9, 1.999417022366174e-05},
                {33, 1.6572036788179728e-05},
                {50, 1.1361666490962468e-05},
                {99, 5.8297763382597625e-09},
                {100, 0}});
}

TEST(Schedule, CosineEndsAtTheEndRateAndStaysThere) {
  ScheduleOptions options = schedule(ScheduleKind::cosine, 8);
  options.end_learning_rate = 4e-6;
  expect_rates(options, 2e-5, 100,
               {{3, 7.5e-06},
                {9, 1.9995336178929395e-05},
                {50, 1.3089333192769974e-05},
                {99, 4.004663821070608e-06},
                {100, 4e-06},
                {130, 4e-06}});  // Hugging Face's cosine would rise again
}

TEST(Schedule, PolynomialIsHuggingFaces) {
  ScheduleOptions square = schedule(ScheduleKind::polynomial, 8);
  square.power = 2;
  square.end_learning_rate = 1e-7;
  expect_rates(square, 2e-5, 100,
               {{0, 0},
                {8, 2e-05},
                {9, 1.9569742438563324e-05},
                {50, 5.977835538752363e-06},
                {99, 1.0235113421550094e-07},
                {100, 1e-07},
                {101, 1e-07}});
  ScheduleOptions root = schedule(ScheduleKind::polynomial, 8);
  root.power = 0.5;
  expect_rates(
      root, 2e-5, 100,
      {{9, 1.9891007362952824e-05}, {50, 1.4744195615489713e-05}, {99, 2.085144140570752e-06}, {100, 0}});
}

TEST(Schedule, ConstantStaysAtThePeakAfterWarmup) {
  expect_rates(schedule(ScheduleKind::constant, 8), 2e-5, 100,
               {{0, 0}, {4, 1e-5}, {8, 2e-5}, {99, 2e-5}, {100, 2e-5}, {1000, 2e-5}});
}

TEST(Schedule, EveryKindIsFiniteWhenWarmupFillsOrOutlastsTheRun) {
  for (const ScheduleKind kind : {ScheduleKind::bert, ScheduleKind::linear, ScheduleKind::cosine,
                                  ScheduleKind::polynomial, ScheduleKind::constant}) {
    const double last = kind == ScheduleKind::constant ? 1.0 : 0.0;
    expect_rates(schedule(kind, 4), 1.0, 4, {{0, 0}, {2, 0.5}, {3, 0.75}, {4, last}, {5, last}});
    expect_rates(schedule(kind, 100), 1.0, 10, {{0, 0}, {9, 0.09}});
  }
}

TEST(Warmup, AShareOfTheStepsIsRoundedDownAsGoogleDoes) {
  ScheduleOptions options;
  options.warmup_proportion = 0.1;
  EXPECT_EQ(warmup_steps(options, 343), 34);  // MRPC: 3,668 examples, batch 32, 3 epochs
  EXPECT_EQ(warmup_steps(options, 9), 0);
  options.warmup_proportion = 0;
  EXPECT_EQ(warmup_steps(options, 1'000'000), 0);
}

TEST(Warmup, StepsCountBeforeTheShare) {
  ScheduleOptions options;
  options.warmup_proportion = 0.1;
  options.warmup_steps = 0;
  EXPECT_EQ(warmup_steps(options, 1000), 0);
  options.warmup_steps = 10'000;
  EXPECT_EQ(warmup_steps(options, 1000), 10'000);
}

TEST(ScheduleWarnings, AUsualRunHasNone) {
  EXPECT_THAT(schedule_warnings(ScheduleOptions(), 1e-4, 1000), testing::IsEmpty());
  EXPECT_THAT(schedule_warnings(schedule(ScheduleKind::constant, 0), 1e-4, 1), testing::IsEmpty());
}

TEST(ScheduleWarnings, TellOfAWarmupThatOutlastsTheRun) {
  EXPECT_THAT(
      schedule_warnings(schedule(ScheduleKind::bert, 10'000), 1e-4, 21),
      testing::ElementsAre("warm-up takes 10000 steps but the run has 21: the learning rate only rises, "
                           "to 2e-07 of 0.0001"));
}

TEST(ScheduleWarnings, TellOfARateThatEndsAboveItsPeak) {
  ScheduleOptions options = schedule(ScheduleKind::linear, 0);
  options.end_learning_rate = 1e-3;
  EXPECT_THAT(schedule_warnings(options, 1e-4, 100),
              testing::ElementsAre("the learning rate ends at 0.001, above its peak of 0.0001"));
}

}  // namespace
}  // namespace cloze
