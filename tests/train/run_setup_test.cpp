#include "engine/train/run_setup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/train/pretrain_plan.h"

namespace cloze {
namespace {

TEST(RunPrecision, IsTheQuickestOfTheMachineUnlessStated) {
  EXPECT_EQ(run_precision(PrecisionOption::automatic, Architecture::cpu), Precision::full);
  EXPECT_EQ(run_precision(PrecisionOption::f32, Architecture::cpu), Precision::full);
  EXPECT_EQ(run_precision(PrecisionOption::automatic, Architecture::cuda), Precision::bf16);
  EXPECT_EQ(run_precision(PrecisionOption::bf16, Architecture::cuda), Precision::bf16);
  EXPECT_EQ(run_precision(PrecisionOption::f32, Architecture::cuda), Precision::full);
}

TEST(RunPrecision, ACpuThatMultipliesBf16RoundsOperands) {
  EXPECT_EQ(run_precision(PrecisionOption::bf16, Architecture::cpu, true), Precision::bf16_products);
  EXPECT_EQ(run_precision(PrecisionOption::automatic, Architecture::cpu, true), Precision::full);
}

TEST(RunPrecision, AnotherCpuRefusesBf16) {
  try {
    run_precision(PrecisionOption::bf16, Architecture::cpu, false);
    FAIL() << "bf16 on a CPU without its instructions";
  } catch (const UsageError& error) {
    EXPECT_EQ(error.problem().what, "this CPU does not multiply bf16");
    EXPECT_EQ(error.problem().where, "precision");
    EXPECT_EQ(error.problem().remedy, "precision: auto or f32");
  }
}

TEST(GpuNumber, IsThatOfTheProcessAmongThoseOfItsMachine) {
  EXPECT_EQ(gpu_number(0, 8), 0);
  EXPECT_EQ(gpu_number(5, 8), 5);
  EXPECT_EQ(gpu_number(3, 1), 0) << "the launcher shows each process one GPU";
  EXPECT_EQ(gpu_number(3, 2), 3) << "one that is not there, for the message";
}

// A laptop plans for a GPU what it could not run itself.
TEST(RunPrecision, IsPlannedForAGpu) {
  PretrainOptions options;
  options.data.train = "a corpus that is not there";
  options.model.layers = 1;
  options.training.steps = 1;
  options.precision = PrecisionOption::bf16;
  EXPECT_THAT(describe_plan(options, "h100"), ::testing::HasSubstr("bfloat16"));
  std::string passes;
  build_training_graph(options, "h100", [&](std::string_view pass, const Graph& graph) {
    if (pass == "precision") passes = to_text(graph);
  });
  EXPECT_THAT(passes, ::testing::HasSubstr("bf16[tokens:"));
}

}  // namespace
}  // namespace cloze
