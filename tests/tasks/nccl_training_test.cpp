// Training on several devices, one process a rank, whose sums go through the NCCL communicator: the losses of
// one process that takes the same batches one after the other. Dropout is on; steps are recorded and replayed
// with their collectives. On emulated devices with the stand-in for NCCL, and once more on a GPU with NCCL
// itself (tests/parallel/nccl_world.h).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <map>
#include <ostream>
#include <utility>

#include "engine/base/error.h"
#include "engine/model/encoder_scaling.h"
#include "tests/parallel/nccl_world.h"
#include "tests/tasks/small_pretraining.h"

namespace cloze::testing {
namespace {

using std::chrono::seconds;

constexpr uint32_t steps = 10;
constexpr int64_t sequences_in_all = 8;
constexpr int64_t bucket_elements = 2048;
constexpr Capacity capacity{.tokens = 44, .sequences = 5, .predictions = 14};
constexpr float learning_rate = 0.004f;

// 1 layer, hidden size 32, 2 heads, with dropout.
BertConfig device_config() {
  BertConfig config = small_config(0.1f);
  config.hidden_size = 32;
  config.heads = 2;
  config.layers = 1;
  config.intermediate_size = 64;
  config.initializer_range = 0.05f;
  return config;
}

struct Way {
  std::string name;
  int size = 2;
  bool shard = false;
  UpdateRule rule = UpdateRule::adamw;
  Wire wire = Wire::f32;
  Precision precision = Precision::full;
  uint64_t order = 0;  // of the streams' work
  double loss_error = 2e-6, parameter_error = 2e-5;
};

void PrintTo(const Way& way, std::ostream* stream) {
  *stream << way.name;
}

// One rank's model on its device.
class RankModel {
 public:
  RankModel(const Way& way, int rank, const std::function<std::shared_ptr<Communicator>(Cuda&)>& meet)
      : way_(way), rank_(rank), layout_(bert_parameters(device_config(), {})) {
    PretrainingCompileOptions options;
    options.update = adamw_of(layout_);
    options.update.rule = way.rule;
    const auto buckets = cut_into_buckets(layout_, bucket_elements, way.size);
    const bool shard = way.shard && way.size > 1;
    engine_ = make_engine(
        DeviceKind::cuda, layout_.elements(),
        {.training = true,
         .precision = way.precision,
         .moments = shard ? std::optional(moment_elements(shards_of(buckets, rank, way.size))) : std::nullopt,
         .state = encoder_scaling(layout_, way.precision).state()});
    for (const Parameter& parameter : layout_.parameters()) {
      std::vector<float> values(static_cast<size_t>(parameter.elements()));
      initialize_parameter(parameter, device_config().initializer_range, 42, 0, values);
      engine_->write(Memory::parameters, parameter.offset, values);
    }
    if (way.size > 1)
      options.reduction = {.communicator = meet(*engine_->cuda()),
                           .buckets = buckets,
                           .wire = way.wire,
                           .shard_update = shard};
    programs_ = std::make_unique<PretrainingPrograms>(device_config(), layout_, *engine_, options);
  }

  // Of each step what Report holds, then all parameters.
  std::vector<double> train(const std::function<void(uint32_t step)>& before_step) {
    std::vector<double> numbers;
    for (uint32_t step = 0; step < steps; ++step) {
      before_step(step);
      const PretrainingMetrics metrics = take_step(step);
      for (const double number :
           {static_cast<double>(metrics.predictions), static_cast<double>(metrics.sequences),
            metrics.masked_loss_sum, metrics.next_loss_sum, norm_})
        numbers.push_back(number);
    }
    std::vector<double> parameters(static_cast<size_t>(layout_.elements()));
    engine_->read(Memory::parameters, 0, std::span<double>(parameters));
    numbers.insert(numbers.end(), parameters.begin(), parameters.end());
    return numbers;
  }

 private:
  PretrainingMetrics take_step(uint32_t step) {
    const std::vector<Sequence> all = made_up_sequences(device_config(), sequences_in_all, 1 + step % 4);
    PretrainingStepInputs inputs{.global_predictions = counts_of(all).predictions,
                                 .global_sequences = sequences_in_all,
                                 .dropout_key = {step, 3},
                                 .update_scalars = {learning_rate, 1, 1}};
    // Two micro-batches on one process, one on each of two.
    constexpr int64_t each = sequences_in_all / 2;
    const int64_t begin = way_.size == 1 ? 0 : rank_ * each,
                  end = way_.size == 1 ? sequences_in_all : begin + each;
    PretrainingMetrics metrics;
    for (int64_t first = begin; first < end; first += each) {
      const PretrainingBatch batch =
          pack(std::span(all).subspan(static_cast<size_t>(first), each), first, capacity);
      const MicroBatch place{.first = first == begin, .last = first + each == end};
      PretrainingProgram& program = programs_->training(capacity, place);
      program.load(batch, inputs);
      program.run();
      metrics += program.metrics(batch);
      if (place.last) norm_ = program.gradient_norm();
    }
    return metrics;
  }

  const Way way_;
  const int rank_;
  ParameterLayout layout_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<PretrainingPrograms> programs_;
  double norm_ = 0;
};

struct Report {
  std::vector<double> losses, norms;
  std::vector<std::vector<double>> parameters;  // of each rank
};

using StepHook = std::function<void(int rank, uint32_t step)>;
std::vector<RankOutcome> train_ranks(const Way& way, const StepHook& before_step) {
  const ScratchFolder folder;
  const NcclWorld world(way.size);
  constexpr Patience patience{seconds(20), seconds(20), seconds(20)};
  return in_processes(way.size, [&](int rank) {
    set_stream_order(way.order);
    RankModel model(way, rank, [&](Cuda& device) -> std::shared_ptr<Communicator> {
      return make_nccl_communicator(
          std::make_unique<Membership>(membership_options(rank, way.size, folder, patience)), device,
          world.options(rank));
    });
    const std::optional<uint64_t> before = replays();
    std::vector<double> numbers = model.train([&](uint32_t step) { before_step(rank, step); });
    // The first step is an ordinary one, the second is recorded and replayed.
    EXPECT_EQ(replays().value_or(0) - before.value_or(0),
              before ? (steps - 1) * (way.size == 1 ? 2u : 1u) : 0u);
    return numbers;
  });
}

Report train(const Way& way) {
  const std::vector<RankOutcome> outcomes = train_ranks(way, [](int, uint32_t) {});
  expect_no_faults(outcomes);
  Report report;
  constexpr size_t numbers_of_a_step = 5;
  for (const RankOutcome& outcome : outcomes) {
    if (outcome.numbers.size() < numbers_of_a_step * steps) return report;
    const auto begin = outcome.numbers.begin() + numbers_of_a_step * steps;
    report.parameters.emplace_back(begin, outcome.numbers.end());
  }
  for (size_t step = 0; step < steps; ++step) {
    PretrainingMetrics metrics;
    for (const RankOutcome& outcome : outcomes) {
      const double* numbers = &outcome.numbers[numbers_of_a_step * step];
      PretrainingMetrics part;
      part.predictions = static_cast<int64_t>(numbers[0]);
      part.sequences = static_cast<int64_t>(numbers[1]);
      part.masked_loss_sum = numbers[2];
      part.next_loss_sum = numbers[3];
      metrics += part;
      EXPECT_EQ(numbers[4], outcomes[0].numbers[numbers_of_a_step * step + 4])
          << "ranks disagree on the norm";
    }
    report.losses.push_back(metrics.loss());
    report.norms.push_back(outcomes[0].numbers[numbers_of_a_step * step + 4]);
  }
  return report;
}

// One process, two micro-batches a step.
const Report& alone(UpdateRule rule, Precision precision) {
  static std::map<std::pair<UpdateRule, Precision>, Report> reports;
  const auto [report, missing] = reports.try_emplace({rule, precision});
  if (missing) report->second = train({.name = "alone", .size = 1, .rule = rule, .precision = precision});
  return report->second;
}

class NcclTraining : public ::testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(
    Ways, NcclTraining,
    ::testing::Values(
        Way{.name = "whole"}, Way{.name = "whole_mixed", .order = 3},
        Way{.name = "shards", .shard = true, .order = 1},
        Way{.name = "shards_lamb", .shard = true, .rule = UpdateRule::lamb, .order = 2},
        Way{.name = "bf16_wire", .wire = Wire::bf16, .loss_error = 1e-3, .parameter_error = 2e-2},
        Way{.name = "bf16_steps", .precision = Precision::bf16, .loss_error = 1e-3, .parameter_error = 2e-2}),
    [](const auto& instance) { return instance.param.name; });

TEST_P(NcclTraining, TwoRanksHaveTheLossesOfOneProcessThatAccumulates) {
  const Report expected = alone(GetParam().rule, GetParam().precision), actual = train(GetParam());
  ASSERT_EQ(expected.losses.size(), steps);
  ASSERT_EQ(actual.losses.size(), steps);
  EXPECT_LT(expected.losses.back(), 0.97 * expected.losses.front()) << "nothing was learnt";
  double error = 0;
  for (size_t step = 0; step < steps; ++step) {
    error = std::max(error, std::abs(actual.losses[step] / expected.losses[step] - 1));
    EXPECT_NEAR(actual.losses[step], expected.losses[step], GetParam().loss_error * expected.losses[step])
        << step;
    EXPECT_NEAR(actual.norms[step], expected.norms[step], 10 * GetParam().loss_error * expected.norms[step])
        << step;
  }
  EXPECT_EQ(actual.parameters[0], actual.parameters[1]) << "ranks differ";
  const double apart = largest_relative_error(actual.parameters[0], expected.parameters[0]);
  EXPECT_LE(apart, GetParam().parameter_error);
  RecordProperty("loss_error", std::to_string(error));
  std::printf("losses differ by at most %.1e of themselves, parameters by %.1e of the largest\n", error,
              apart);
}

// A rank that is lost before the fifth step, which is replayed: the others leave it and say which.
TEST(NcclTrainingFaults, ARankLostInAReplayedStepIsNamed) {
  const auto outcomes = train_ranks({.name = "lost"}, [](int rank, uint32_t step) {
    if (rank == 1 && step == 4) ::_exit(9);
  });
  EXPECT_THAT(outcomes[1].fault, ::testing::HasSubstr("exit code 9"));
  EXPECT_THAT(outcomes[0].fault, ::testing::HasSubstr("rank 1 ("));
}

}  // namespace
}  // namespace cloze::testing
