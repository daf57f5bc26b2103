// What the options of training do to the numbers, seen from outside.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/world.h"

namespace cloze::end_to_end {
namespace {

using testing::AllOf;
using testing::HasSubstr;

void expect_equal_losses(const std::map<int64_t, double>& losses, const std::map<int64_t, double>& expected,
                         double tolerance) {
  ASSERT_EQ(losses.size(), expected.size());
  for (const auto& [step, loss] : expected)
    EXPECT_NEAR(losses.at(step), loss, tolerance * std::abs(loss)) << "step " << step;
}

// Dropout draws by token, not by place in a micro-batch, and gradients are summed before they are scaled: how
// a step is cut changes the rounding only.
TEST(Training, MicroBatchesGiveTheSameLosses) {
  const ScratchFolder scratch;
  const auto losses_with = [&](int tokens) {
    const auto output = scratch / fmt::format("cut-{}", tokens);
    const std::string size = fmt::format("batch.micro_batch_tokens={}", tokens);
    EXPECT_THAT(run(pretrain_call(output, {size, "model.hidden_dropout=0.1", "model.attention_dropout=0.1",
                                           "checkpoint.every=0"})),
                ExitsWith(0));
    return training_losses(output);
  };
  const auto whole = losses_with(8 * 32);
  ASSERT_EQ(whole.size(), 20u);
  for (const int tokens : {4 * 32, 32}) {
    SCOPED_TRACE(fmt::format("{} tokens at once", tokens));
    expect_equal_losses(losses_with(tokens), whole, 1e-5);
  }
}

TEST(Training, RecomputationChangesNoLoss) {
  const ScratchFolder scratch;
  const auto losses_with = [&](const std::string& choice) {
    const auto output = scratch / choice;
    EXPECT_THAT(run(pretrain_call(output, {"training.recompute=" + choice, "model.layers=2"})), ExitsWith(0));
    return training_losses(output);
  };
  const auto expected = losses_with("none");
  for (const std::string choice : {"activations", "layers"}) {
    SCOPED_TRACE(choice);
    expect_equal_losses(losses_with(choice), expected, 1e-6);
  }
}

// Only where the CPU has the instructions; the switch of the matmul library takes them away.
TEST(Training, RoundsOperandsToBf16WhereAsked) {
  const ScratchFolder scratch;
  const Outcome outcome = run(pretrain_call(scratch / "rounded", {"precision=bf16"}));
  if (outcome.log.find("this CPU does not multiply bf16") != std::string::npos) GTEST_SKIP() << outcome.log;
  ASSERT_THAT(outcome, ExitsWith(0));
  ASSERT_THAT(run(pretrain_call(scratch / "full")), ExitsWith(0));
  const auto rounded = training_losses(scratch / "rounded"), full = training_losses(scratch / "full");
  EXPECT_NE(rounded, full);
  expect_equal_losses(rounded, full, 0.01);
  ASSERT_THAT(run(pretrain_call(scratch / "again", {"precision=bf16"})), ExitsWith(0));
  EXPECT_TRUE(final_state(scratch / "again") == final_state(scratch / "rounded"));
}

TEST(Training, RefusesBf16WhereTheCpuLacksIt) {
  const ScratchFolder scratch;
  const Outcome outcome =
      run(pretrain_call(scratch / "run", {"precision=bf16"}), {.environment = {"ONEDNN_MAX_CPU_ISA=AVX2"}});
  EXPECT_THAT(outcome, ExitsWith(2));
  EXPECT_THAT(outcome.log,
              AllOf(HasSubstr("this CPU does not multiply bf16"), HasSubstr("precision: auto or f32")));
}

// The baseline is taken on the very positions that the loss is.
TEST(Training, AModelOfTheWordFrequenciesAloneHasTheLossOfTheBaseline) {
  const ScratchFolder scratch;
  const auto output = scratch / "unigram";
  ASSERT_THAT(run(pretrain_call(output, {"training.steps=1", "optimizer.learning_rate=1e-12",
                                         "model.initializer_range=1e-5", "model.output_bias=unigram",
                                         "evaluation.every=1", "evaluation.sequences=64"})),
              ExitsWith(0));
  std::ifstream lines(output / "metrics.jsonl");
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line);
    if (record.at("split") != "eval") continue;
    EXPECT_NEAR(record.at("mask_token_loss").get<double>(), record.at("unigram_baseline").get<double>(),
                1e-3);
    return;
  }
  FAIL() << "no evaluation was recorded";
}

struct Variant {
  const char* name;
  std::vector<std::string> settings;
};

class OverfitOneBatch : public testing::TestWithParam<Variant> {};

TEST_P(OverfitOneBatch, TheLossFalls) {
  std::vector<std::string> settings{"training.overfit_one_batch=true",
                                    "training.steps=150",
                                    "optimizer.learning_rate=5e-3",
                                    "model.hidden_dropout=0",
                                    "model.attention_dropout=0",
                                    "checkpoint.every=0",
                                    "log.every=50"};
  settings.insert(settings.end(), GetParam().settings.begin(), GetParam().settings.end());
  const ScratchFolder scratch;
  ASSERT_THAT(run(pretrain_call(scratch / "run", settings)), ExitsWith(0));
  const auto losses = training_losses(scratch / "run");
  EXPECT_LT(losses.at(150), 0.3 * losses.at(50)) << "the mean of the first 50 steps was " << losses.at(50);
}

INSTANTIATE_TEST_SUITE_P(
    Options, OverfitOneBatch,
    testing::Values(Variant{"adamw", {}},
                    Variant{"lamb", {"optimizer.kind=lamb", "optimizer.learning_rate=3e-2"}},
                    Variant{"whole_word", {"data.whole_word=true"}},
                    Variant{"static_masks", {"data.masks=static", "data.mask_variants=2"}},
                    Variant{"batch_of_tokens", {"batch.sequences=null", "batch.tokens=256"}},
                    Variant{"recomputed_layers", {"training.recompute=layers"}},
                    Variant{"no_next_sentence", {"data.next_sentence=false"}}),
    [](const auto& instance) { return std::string(instance.param.name); });

// A learning rate that throws the weights out of range at the second step.
TEST(NonFinite, TheRunNamesTheTensorAndEndsAfterTheSkipsAllowed) {
  const ScratchFolder scratch;
  const Outcome outcome =
      run(pretrain_call(scratch / "run", {"optimizer.learning_rate=1e30", "training.max_skipped_steps=3"}));
  EXPECT_THAT(outcome, ExitsWith(1));
  EXPECT_THAT(
      outcome.log,
      AllOf(HasSubstr("a gradient is not finite; first seen in linear in encoder.layer.0"),
            HasSubstr("the step is skipped (3 in a row)"), HasSubstr("why: 4 steps in a row were skipped"),
            HasSubstr("try: a smaller learning rate")));
}

TEST(NonFinite, StopEndsTheRunAtOnce) {
  const ScratchFolder scratch;
  const Outcome outcome =
      run(pretrain_call(scratch / "run", {"optimizer.learning_rate=1e30", "training.non_finite=stop"}));
  EXPECT_THAT(outcome, ExitsWith(1));
  EXPECT_THAT(outcome.log, AllOf(HasSubstr("first seen in"), HasSubstr("`training.non_finite` is `stop`")));
  EXPECT_THAT(outcome.log, testing::Not(HasSubstr("the step is skipped")));
}

}  // namespace
}  // namespace cloze::end_to_end
