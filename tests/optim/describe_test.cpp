#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "engine/base/error.h"
#include "engine/config/config.h"
#include "engine/optim/optimizer_options.h"
#include "engine/optim/schedule.h"

namespace cloze {
namespace {

using testing::HasSubstr;

template <typename Options>
std::string message_of(const std::string& yaml) {
  try {
    config::read_text<Options>(yaml, "run.yaml");
  } catch (const UsageError& error) {
    return error.what();
  }
  ADD_FAILURE() << "this should not read: " << yaml;
  return {};
}

TEST(DescribeOptimizer, IsWithoutFaultsAndKeepsEveryField) {
  EXPECT_THAT(config::faults<OptimizerOptions>(), testing::IsEmpty());
  const OptimizerOptions options{.kind = OptimizerKind::lamb,
                                 .learning_rate = 6e-3,
                                 .beta1 = 0.8,
                                 .beta2 = 0.99,
                                 .epsilon = 1e-8,
                                 .weight_decay = 0.1,
                                 .max_gradient_norm = 0,
                                 .bias_correction = true};
  EXPECT_EQ(config::read_text<OptimizerOptions>(config::dump(options), "dump"), options);
}

TEST(DescribeSchedule, IsWithoutFaultsAndKeepsEveryField) {
  EXPECT_THAT(config::faults<ScheduleOptions>(), testing::IsEmpty());
  const ScheduleOptions options{.kind = ScheduleKind::polynomial,
                                .warmup_steps = 3,
                                .warmup_proportion = 0.25,
                                .power = 0.5,
                                .end_learning_rate = 1e-7};
  EXPECT_EQ(config::read_text<ScheduleOptions>(config::dump(options), "dump"), options);
  EXPECT_EQ(config::read_text<ScheduleOptions>(config::dump(ScheduleOptions()), "dump"), ScheduleOptions());
}

TEST(DescribeSchedule, ReadsAShareOfTheSteps) {
  const auto options = config::read_text<ScheduleOptions>("kind: linear\nwarmup_proportion: 6%", "run.yaml");
  EXPECT_EQ(options.kind, ScheduleKind::linear);
  EXPECT_EQ(options.warmup_proportion, 0.06);
  EXPECT_EQ(options.warmup_steps, std::nullopt);
}

TEST(DescribeOptimizer, RefusesWhatCannotTrain) {
  EXPECT_THAT(message_of<OptimizerOptions>("learning_rate: 0"), HasSubstr("learning_rate"));
  EXPECT_THAT(message_of<OptimizerOptions>("beta1: 1"), HasSubstr("beta1"));
  EXPECT_THAT(message_of<OptimizerOptions>("beta2: 1.0"), HasSubstr("beta2"));
  EXPECT_THAT(message_of<OptimizerOptions>("epsilon: 0"), HasSubstr("epsilon"));
  EXPECT_THAT(message_of<OptimizerOptions>("weight_decay: -0.01"), HasSubstr("weight_decay"));
  EXPECT_THAT(message_of<OptimizerOptions>("max_gradient_norm: -1"), HasSubstr("max_gradient_norm"));
  EXPECT_THAT(message_of<OptimizerOptions>("kind: sgd"), HasSubstr("adamw"));
}

TEST(DescribeSchedule, RefusesWhatHasNoMeaning) {
  EXPECT_THAT(message_of<ScheduleOptions>("warmup_steps: -1"), HasSubstr("warmup_steps"));
  EXPECT_THAT(message_of<ScheduleOptions>("warmup_proportion: 1.5"), HasSubstr("warmup_proportion"));
  EXPECT_THAT(message_of<ScheduleOptions>("kind: polynomial\npower: 0"), HasSubstr("power"));
  EXPECT_THAT(message_of<ScheduleOptions>("kind: cosine\npower: 2"),
              HasSubstr("belongs to `kind: polynomial`"));
  EXPECT_THAT(message_of<ScheduleOptions>("kind: constant\nend_learning_rate: 1e-6"),
              HasSubstr("has no meaning with `kind: constant`"));
}

}  // namespace
}  // namespace cloze
