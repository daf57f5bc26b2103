// What the runtime promises of a GPU, on the emulator of tests/simt: its streams run their work at once, as
// late as a wait allows, or in between, so what is ordered too loosely shows in the numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "engine/tasks/late_metrics.h"
#include "tests/simt/simt.h"
#include "tests/tasks/small_pretraining.h"

namespace cloze::testing {
namespace {

constexpr Capacity capacity{.tokens = 40, .sequences = 5, .predictions = 14};
constexpr MicroBatch whole_step{.first = true, .last = true};

BertConfig cuda_config() {
  BertConfig config = small_config(0.1f);
  config.hidden_size = 32;
  config.heads = 2;
  config.layers = 1;
  config.intermediate_size = 64;
  return config;
}

struct Step {
  PretrainingBatch batch;
  PretrainingStepInputs inputs;
};
std::vector<Step> some_steps(const BertConfig& config) {
  std::vector<Step> steps;
  for (uint32_t i = 0; i < 6; ++i) {
    const std::vector<Sequence> sequences = made_up_sequences(config, 4, 1 + i);
    steps.push_back({pack(sequences, 0, capacity), {.dropout_key = {i, 3}, .update_scalars = {0.01f, 1, 1}}});
    steps.back().inputs.global_predictions = steps.back().batch.live_predictions;
    steps.back().inputs.global_sequences = 4;
  }
  return steps;
}

struct Outcome {
  std::vector<double> losses, norms, parameters;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// Every step is read before the next one's inputs are written.
Outcome in_turns(Precision precision) {
  const BertConfig config = cuda_config();
  SmallModel model(DeviceKind::cuda, config, {}, precision);
  Outcome outcome;
  for (const Step& step : some_steps(config)) {
    PretrainingProgram& program = model.programs().training(capacity, whole_step);
    program.load(step.batch, step.inputs);
    program.run();
    outcome.losses.push_back(program.metrics(step.batch).loss());
    outcome.norms.push_back(program.gradient_norm());
  }
  outcome.parameters = model.flat(Memory::parameters);
  return outcome;
}

// Step n + 1 is written and started while step n may still run; what step n says is read afterwards.
Outcome overlapped(Precision precision, uint64_t& waits) {
  const BertConfig config = cuda_config();
  SmallModel model(DeviceKind::cuda, config, {}, precision);
  PretrainingProgram& program = model.programs().training(capacity, whole_step);
  LateMetrics late(program);
  Outcome outcome;
  const auto read = [&] {
    const LateMetrics::Report report = late.read();
    outcome.losses.push_back(report.metrics.loss());
    outcome.norms.push_back(report.gradient_norm);
    EXPECT_FALSE(report.skipped);
  };
  const uint64_t before = simt::stream_wait_count();
  for (const Step& step : some_steps(config)) {
    program.load(step.batch, step.inputs);
    program.run();
    late.keep(step.batch);
    if (late.kept() == 2) read();
  }
  waits = simt::stream_wait_count() - before;
  read();
  outcome.parameters = model.flat(Memory::parameters);
  return outcome;
}

class CudaRuntime : public ::testing::TestWithParam<Precision> {
 protected:
  void TearDown() override { simt::set_order(0); }
};
INSTANTIATE_TEST_SUITE_P(Precisions, CudaRuntime, ::testing::Values(Precision::full, Precision::bf16),
                         [](const auto& instance) { return name_of(instance.param); });

TEST_P(CudaRuntime, InputsOfTheNextStepDoNotDisturbTheRunningOne) {
  const Outcome expected = in_turns(GetParam());
  for (uint64_t order = 0; order < 4; ++order) {
    SCOPED_TRACE(order);
    simt::set_order(order);
    uint64_t waits = 0;
    EXPECT_EQ(overlapped(GetParam(), waits), expected);
    EXPECT_EQ(waits, 0u) << "the host waited for a stream while stepping";
  }
}

// The host runs ahead as far as it may.
TEST_P(CudaRuntime, StepsThatNobodyReads) {
  const BertConfig config = cuda_config();
  const std::vector<double> expected = in_turns(GetParam()).parameters;
  for (uint64_t order = 0; order < 4; ++order) {
    SCOPED_TRACE(order);
    simt::set_order(order);
    SmallModel model(DeviceKind::cuda, config, {}, GetParam());
    PretrainingProgram& program = model.programs().training(capacity, whole_step);
    for (const Step& step : some_steps(config)) {
      program.load(step.batch, step.inputs);
      program.run();
    }
    EXPECT_EQ(model.flat(Memory::parameters), expected);
  }
}

// The first run is an ordinary one, the second is recorded, later ones are replayed.
TEST_P(CudaRuntime, AReplayedStepHasTheBitsOfAnOrdinaryOne) {
  const BertConfig config = cuda_config();
  const std::vector<Step> steps = some_steps(config);
  SmallModel replayed(DeviceKind::cuda, config, {}, GetParam()),
      ordinary(DeviceKind::cuda, config, {}, GetParam());
  ordinary.engine().record_steps(false);
  const auto train = [&](SmallModel& model) {
    for (const Step& step : steps) {
      PretrainingProgram& program = model.programs().training(capacity, whole_step);
      program.load(step.batch, step.inputs);
      program.run();
    }
    return model.flat(Memory::parameters);
  };
  const uint64_t before = simt::replay_count();
  const std::vector<double> expected = train(ordinary);
  EXPECT_EQ(simt::replay_count(), before);
  EXPECT_EQ(train(replayed), expected);
  EXPECT_EQ(simt::replay_count(), before + steps.size() - 1);
}

// Where steps run call by call, a profiler sees every op with its layer.
TEST(CudaProfile, EveryOpHasARange) {
  const BertConfig config = cuda_config();
  SmallModel model(DeviceKind::cuda, config);
  model.engine().record_steps(false);
  const Step step = some_steps(config)[0];
  PretrainingProgram& program = model.programs().training(capacity, whole_step);
  program.load(step.batch, step.inputs);
  simt::take_range_names();
  program.run();
  const std::vector<std::string> names = simt::take_range_names();
  EXPECT_EQ(names.size(), program.executable().graph().nodes().size());
  EXPECT_THAT(names, ::testing::Contains("attention_backward in encoder.layer.0.attention"));
  EXPECT_THAT(names, ::testing::Contains("adamw in optimizer"));
}

TEST_P(CudaRuntime, WhatCannotBeRecordedRunsCallByCallAndSaysSoOnce) {
  const Outcome expected = in_turns(GetParam());
  simt::make_captures_fail(true);
  ::testing::internal::CaptureStderr();
  const uint64_t before = simt::replay_count();
  EXPECT_EQ(in_turns(GetParam()), expected);
  EXPECT_EQ(simt::replay_count(), before);
  const std::string said = ::testing::internal::GetCapturedStderr();
  simt::make_captures_fail(false);
  const std::string warning = "the step is not recorded as a CUDA graph, which is slower";
  const size_t first = said.find(warning);
  ASSERT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find(warning, first + 1), std::string::npos) << said;
}

TEST_P(CudaRuntime, EverythingIsGivenBack) {
  const int64_t allocated = simt::allocated_bytes(), pinned = simt::pinned_bytes();
  uint64_t waits = 0;
  overlapped(GetParam(), waits);
  EXPECT_EQ(simt::allocated_bytes(), allocated);
  EXPECT_EQ(simt::pinned_bytes(), pinned);
}

TEST(CudaMemory, WhatDoesNotFitIsToldWithThePlan) {
  const BertConfig config = cuda_config();
  const int64_t elements = bert_parameters(config, {}).elements(), flat = 4 * elements;
  const auto error_with = [&](int64_t limit) -> Problem {
    simt::set_memory_limit(simt::allocated_bytes() + limit);
    Problem problem;
    try {
      SmallModel model(DeviceKind::cuda, config);
      model.differentiate({some_steps(config)[0].batch});
      ADD_FAILURE() << "it fits";
    } catch (const Error& error) {
      problem = error.problem();
    }
    simt::set_memory_limit(int64_t{1} << 40);
    return problem;
  };
  const Problem without_moments = error_with(3 * flat);
  EXPECT_EQ(without_moments.what, "not enough memory on the GPU");
  EXPECT_THAT(without_moments.why, ::testing::HasSubstr("parameters"));
  EXPECT_THAT(without_moments.why, ::testing::HasSubstr("gradients"));
  const Problem without_arena = error_with(4 * flat + 40000);
  EXPECT_EQ(without_arena.what, "not enough memory on the GPU");
  EXPECT_THAT(without_arena.why, ::testing::HasSubstr("activations and workspace of 40 tokens"));
  EXPECT_THAT(without_arena.remedy, ::testing::HasSubstr("micro_batch_tokens"));
}

TEST(CudaEngine, AnOlderGpuRefusesFp8) {
  simt::set_compute_capability(80);
  try {
    SmallModel(DeviceKind::cuda, cuda_config(), {}, Precision::fp8);
    ADD_FAILURE() << "FP8 was taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.problem().what, ::testing::HasSubstr("does not multiply FP8"));
    EXPECT_EQ(error.problem().remedy, "precision: bf16");
  }
  EXPECT_FALSE(gpu_multiplies(Precision::fp8));
  simt::set_compute_capability(90);
  EXPECT_TRUE(gpu_multiplies(Precision::fp8));
}

// On the host there is nothing to wait for; what was kept stays though the program runs on.
TEST(LateMetrics, OnTheHostToo) {
  const BertConfig config = cuda_config();
  const std::vector<Step> steps = some_steps(config);
  SmallModel model(DeviceKind::cpu, config);
  PretrainingProgram& program = model.programs().training(capacity, whole_step);
  LateMetrics late(program);
  std::vector<double> expected;
  for (size_t i = 0; i < 2; ++i) {
    program.load(steps[i].batch, steps[i].inputs);
    program.run();
    expected.push_back(program.metrics(steps[i].batch).loss());
    late.keep(steps[i].batch);
  }
  EXPECT_THROW(late.keep(steps[0].batch), Error);
  EXPECT_EQ(late.read().metrics.loss(), expected[0]);
  EXPECT_EQ(late.read().metrics.loss(), expected[1]);
  EXPECT_THROW(late.read(), Error);
}

}  // namespace
}  // namespace cloze::testing
