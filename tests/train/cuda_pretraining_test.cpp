// `device: cuda` as a run has it, on the emulator of tests/simt: the losses of the CPU, whatever is read
// when, and over several processes, whose sums go through the stand-in for NCCL.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/checkpoint/checkpoint_store.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/model/bert_parameters.h"
#include "engine/parallel/nccl_library.h"
#include "engine/train/pretrainer.h"
#include "tests/parallel/nccl_world.h"
#include "tests/train/small_run.h"

namespace cloze {
namespace {

// NCCL as the rank of this process has it.
std::function<std::unique_ptr<NcclLibrary>()> nccl_of_this_rank;

}  // namespace

// In place of the one that loads NCCL itself.
std::unique_ptr<NcclLibrary> open_nccl(const std::string&) {
  return nccl_of_this_rank();
}

namespace testing {
namespace {

using ::testing::HasSubstr;

constexpr int64_t steps = 12;

PretrainOptions cuda_run(const TemporaryFolder& folder, const std::string& name) {
  PretrainOptions options = small_run(folder, name);
  options.device = DeviceOption::cuda;
  options.precision = PrecisionOption::f32;
  options.model.initializer_range = 0.05;
  options.batch.sequences = 8;
  options.batch.micro_batch_tokens = 100;  // several micro-batches a step
  options.training.steps = steps;
  options.optimizer.learning_rate = 0.004;
  options.schedule.warmup_steps = 2;
  options.checkpoint.every = 6;
  options.log = {.every = 1, .examples = 0, .tensorboard = false};
  options.cluster.timeout = options.cluster.start_timeout = options.cluster.hang_timeout = 30;
  return options;
}

class CudaPretraining : public ::testing::Test {
 protected:
  CudaPretraining() { write_small_corpus(folder_, 40); }
  void TearDown() override { set_stream_order(0); }

  PretrainOptions options(const std::string& name) const { return cuda_run(folder_, name); }

  TemporaryFolder folder_;
};

std::vector<double> column(const PretrainOptions& options, const char* name) {
  std::vector<double> values;
  std::ifstream lines(options.output / "metrics.jsonl");
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line);
    if (record.at("split") == "train") values.push_back(record.at(name));
  }
  return values;
}
std::vector<double> losses(const PretrainOptions& options) {
  return column(options, "loss");
}

// All parameters and moments of a run's last checkpoint, by name.
std::map<std::string, std::vector<float>> state(const PretrainOptions& options) {
  const Checkpoint checkpoint = open_model(options.output);
  std::map<std::string, std::vector<float>> tensors;
  const auto moments = checkpoint.optimizer();
  for (const TensorSource* source :
       {&checkpoint.parameters(), static_cast<const TensorSource*>(moments.get())})
    for (const TensorInfo& info : source->tensors()) tensors[info.name] = source->values_of(info.name);
  return tensors;
}

// NaN equals NaN here.
bool same_bits(const std::map<std::string, std::vector<float>>& a,
               const std::map<std::string, std::vector<float>>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.size() == y.second.size() &&
           std::memcmp(x.second.data(), y.second.data(), x.second.size() * sizeof(float)) == 0;
  });
}

void expect_close(const std::vector<double>& actual, const std::vector<double>& expected, double error) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], error * expected[i]) << i;
}

TEST_F(CudaPretraining, HasTheLossesOfTheCpu) {
  PretrainOptions on_cpu = options("cpu");
  on_cpu.device = DeviceOption::cpu;
  ASSERT_EQ(pretrain(on_cpu, ExistingRun::refuse), 0);
  const std::vector<double> expected = losses(on_cpu);
  ASSERT_EQ(expected.size(), static_cast<size_t>(steps));
  EXPECT_LT(expected.back(), 0.97 * expected.front()) << "nothing was learnt";

  const PretrainOptions on_gpu = options("gpu");
  ASSERT_EQ(pretrain(on_gpu, ExistingRun::refuse), 0);
  expect_close(losses(on_gpu), expected, 1e-4);
  expect_close(column(on_gpu, "gradient_norm"), column(on_cpu, "gradient_norm"), 1e-3);

  PretrainOptions mixed = options("mixed");
  mixed.precision = PrecisionOption::automatic;
  ASSERT_EQ(pretrain(mixed, ExistingRun::refuse), 0);
  expect_close(losses(mixed), expected, 2e-2);
  EXPECT_NE(losses(mixed), losses(on_gpu)) << "bf16 changed nothing";
}

// What scales FP8 is saved: a run that goes on has the bits of one that never stopped.
TEST_F(CudaPretraining, InFp8HasTheLossesOfTheCpuAndGoesOnExactly) {
  PretrainOptions on_cpu = options("cpu");
  on_cpu.device = DeviceOption::cpu;
  on_cpu.precision = PrecisionOption::fp8;
  ASSERT_EQ(pretrain(on_cpu, ExistingRun::refuse), 0);
  PretrainOptions on_gpu = options("gpu");
  on_gpu.precision = PrecisionOption::fp8;
  ASSERT_EQ(pretrain(on_gpu, ExistingRun::refuse), 0);
  EXPECT_LT(losses(on_gpu).back(), 0.97 * losses(on_gpu).front()) << "nothing was learnt";
  expect_close(losses(on_gpu), losses(on_cpu), 2e-2);
  for (const PretrainOptions& run : {on_cpu, on_gpu}) {
    const auto expected = state(run);
    EXPECT_TRUE(expected.contains("state/bert.encoder.layer.0.output.dense.weight/output_gradient"));
    std::filesystem::remove_all(run.output / "checkpoints" / "step-12");
    ASSERT_EQ(pretrain(run, ExistingRun::resume), 0);
    EXPECT_TRUE(same_bits(state(run), expected));
  }
}

// Steps are read as late as the next report, whatever order the streams' work runs in.
TEST_F(CudaPretraining, DoesNotDependOnWhenItReports) {
  const PretrainOptions often = options("often");
  ASSERT_EQ(pretrain(often, ExistingRun::refuse), 0);
  const auto expected = state(often);
  for (uint64_t order = 0; order < stream_orders(); ++order) {
    set_stream_order(order);
    PretrainOptions rarely = options("rarely-" + std::to_string(order));
    rarely.log.every = 5;
    rarely.checkpoint.every = 0;
    ASSERT_EQ(pretrain(rarely, ExistingRun::refuse), 0);
    EXPECT_EQ(state(rarely), expected) << order;
    EXPECT_EQ(column(rarely, "loss").size(), 3u);  // 5, 10, 12
  }
}

TEST_F(CudaPretraining, GoesOnFromACheckpointBitForBit) {
  const PretrainOptions whole = options("whole");
  ASSERT_EQ(pretrain(whole, ExistingRun::refuse), 0);
  const PretrainOptions cut = options("cut");
  ASSERT_EQ(pretrain(cut, ExistingRun::refuse), 0);
  std::filesystem::remove_all(cut.output / "checkpoints" / "step-12");
  ASSERT_EQ(pretrain(cut, ExistingRun::resume), 0);
  EXPECT_EQ(state(cut), state(whole));
}

// With plans that the emulator computes in cuDNN's place (tests/simt/emulated_attention.h).
TEST_F(CudaPretraining, AttentionCanBeLeftToCudnn) {
  const auto run = [&](const std::string& name, AttentionOption attention, double dropout) {
    PretrainOptions one = options(name);
    one.precision = PrecisionOption::bf16;
    one.model.attention_dropout = dropout;
    one.training.attention = attention;
    EXPECT_EQ(pretrain(one, ExistingRun::refuse), 0);
    return one;
  };
  expect_close(losses(run("plain", AttentionOption::cudnn, 0)),
               losses(run("own-plain", AttentionOption::own, 0)), 1e-2);
  PretrainOptions dropping = run("dropping", AttentionOption::cudnn, 0.3);
  EXPECT_NE(losses(dropping), losses(run("own-dropping", AttentionOption::own, 0.3)));  // masks of its own
  const auto expected = state(dropping);
  std::filesystem::remove_all(dropping.output / "checkpoints" / "step-12");
  ASSERT_EQ(pretrain(dropping, ExistingRun::resume), 0);
  EXPECT_TRUE(same_bits(state(dropping), expected));

  dropping.training.attention = AttentionOption::own;
  EXPECT_THAT([&] { pretrain(dropping, ExistingRun::resume); },
              ::testing::ThrowsMessage<Error>(HasSubstr("training.attention: cudnn -> own")));
}

TEST_F(CudaPretraining, CudnnIsForBf16OnAGpu) {
  PretrainOptions one = options("one");
  one.training.attention = AttentionOption::cudnn;
  EXPECT_THAT([&] { pretrain(one, ExistingRun::refuse); },
              ::testing::ThrowsMessage<Error>(HasSubstr("it does so in bf16")));
  one.device = DeviceOption::cpu;
  EXPECT_THAT([&] { pretrain(one, ExistingRun::overwrite); },
              ::testing::ThrowsMessage<Error>(HasSubstr("it does so on a GPU")));
}

// A checkpoint from the CPU goes on there, and back.
TEST_F(CudaPretraining, TakesOverFromTheCpu) {
  const PretrainOptions on_gpu = options("run");
  ASSERT_EQ(pretrain(on_gpu, ExistingRun::refuse), 0);
  const std::vector<double> expected = losses(on_gpu);
  std::filesystem::remove_all(on_gpu.output / "checkpoints" / "step-12");
  PretrainOptions on_cpu = on_gpu;
  on_cpu.device = DeviceOption::cpu;
  ASSERT_EQ(pretrain(on_cpu, ExistingRun::resume), 0);
  const std::vector<double> all = losses(on_cpu);
  expect_close({all.end() - 6, all.end()}, {expected.end() - 6, expected.end()}, 1e-4);
}

// Skipped steps are learnt of late; the run ends all the same, and says where it began.
TEST_F(CudaPretraining, NamesWhatIsNotFinite) {
  PretrainOptions wild = options("wild");
  wild.optimizer.learning_rate = 1e38;
  wild.optimizer.max_gradient_norm = 0;
  wild.schedule.warmup_steps = 0;
  wild.training.max_skipped_steps = 3;
  try {
    pretrain(wild, ExistingRun::refuse);
    FAIL() << "went on with weights that are not finite";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("a gradient is not finite; first seen in"));
    EXPECT_THAT(error.what(), HasSubstr("4 steps in a row were skipped"));
  }
}

// A model without trainer's state whose embedding of one position is not finite: a step that has a sequence
// that long is skipped, others are not.
std::filesystem::path model_with_a_hole(const PretrainOptions& trained, const TemporaryFolder& folder,
                                        int64_t position) {
  const std::filesystem::path hole = folder / ("hole-" + std::to_string(position));
  std::filesystem::copy(trained.output / "latest" / "", hole);
  std::filesystem::remove(hole / "trainer_state.json");
  std::filesystem::remove(hole / "optimizer.safetensors");
  const SafetensorsFile file(trained.output / "latest" / "model.safetensors");
  std::vector<NamedTensor> tensors;
  std::vector<std::vector<float>> values;
  for (const TensorInfo& info : file.tensors()) {
    values.push_back(file.values_of(info.name));
    if (info.name == bert_names::position)
      values.back()[static_cast<size_t>(position * info.shape[1])] = std::numeric_limits<float>::quiet_NaN();
  }
  for (size_t i = 0; i < values.size(); ++i)
    tensors.push_back({file.tensors()[i].name, file.tensors()[i].shape, values[i]});
  write_safetensors(hole / "model.safetensors", tensors);
  return hole;
}

// With bias correction the updates before a step count. Where a step is read late, what is computed must not
// depend on whether the one before it, which was skipped, has been read: at a report it has.
TEST_F(CudaPretraining, ASkippedStepDoesNotMakeReportsCount) {
  PretrainOptions trained = options("trained");
  trained.training.steps = 1;
  ASSERT_EQ(pretrain(trained, ExistingRun::refuse), 0);
  const auto with_hole = [&](const std::string& name, int64_t position) {
    PretrainOptions holed = options(name + std::to_string(position));
    holed.batch.sequences = 1;
    holed.data.instances.short_sequence_probability = 0.6;  // lengths of all kinds
    holed.optimizer.bias_correction = true;
    holed.checkpoint.every = 0;
    holed.model.initialize_from = model_with_a_hole(trained, folder_, position);
    return holed;
  };
  bool mixed = false;  // steps of both kinds, one of each behind one of the other
  for (int64_t position = 20; position > 2 && !mixed; --position) {
    const PretrainOptions often = with_hole("often", position);
    ASSERT_EQ(pretrain(often, ExistingRun::refuse), 0);
    const double skipped = column(often, "skipped_steps").back();
    mixed = skipped >= 2 && skipped <= steps - 4;
    if (!mixed) continue;
    std::filesystem::remove_all(folder_ / ("hole-" + std::to_string(position)));
    PretrainOptions rarely = with_hole("rarely", position);
    rarely.log.every = 100;
    ASSERT_EQ(pretrain(rarely, ExistingRun::refuse), 0);
    EXPECT_EQ(column(rarely, "skipped_steps").back(), skipped);
    EXPECT_TRUE(same_bits(state(rarely), state(often)));
  }
  EXPECT_TRUE(mixed);
}

// Ranks as processes of this program; each ends with the exit code of its run.
std::vector<RankOutcome> run_ranks(int size, const PretrainOptions& options, ExistingRun existing,
                                   const std::function<void(int rank)>& before = {}) {
  const NcclWorld world(size);
  return in_processes(size, [&](int rank) -> std::vector<double> {
    nccl_of_this_rank = world.options(rank).open;
    const auto set = [](const char* name, int value) { ::setenv(name, std::to_string(value).c_str(), 1); };
    set("RANK", rank);
    set("WORLD_SIZE", size);
    set("LOCAL_RANK", 0);
    set("LOCAL_WORLD_SIZE", 1);
    if (before) before(rank);
    return {static_cast<double>(pretrain(options, existing))};
  });
}

void expect_all_end_with(int code, const std::vector<RankOutcome>& outcomes) {
  expect_no_faults(outcomes);
  for (const RankOutcome& outcome : outcomes) EXPECT_EQ(outcome.numbers, std::vector<double>{1.0 * code});
}

struct Way {
  std::string name;
  bool shard = false;
  PrecisionOption precision = PrecisionOption::f32;
  double error = 1e-5;
};
class CudaRanks : public CudaPretraining, public ::testing::WithParamInterface<Way> {};
INSTANTIATE_TEST_SUITE_P(
    Ways, CudaRanks,
    ::testing::Values(
        Way{.name = "whole"}, Way{.name = "shards", .shard = true},
        Way{.name = "shards_bf16", .shard = true, .precision = PrecisionOption::bf16, .error = 5e-3},
        Way{.name = "bf16", .precision = PrecisionOption::bf16, .error = 5e-3},
        Way{.name = "fp8", .precision = PrecisionOption::fp8, .error = 5e-3}),
    [](const auto& instance) { return instance.param.name; });

TEST_P(CudaRanks, TwoHaveTheLossesOfOneAndGoOnAlone) {
  PretrainOptions alone = options("alone");
  alone.precision = GetParam().precision;
  ASSERT_EQ(pretrain(alone, ExistingRun::refuse), 0);
  PretrainOptions together = alone;
  together.output = folder_ / "together";
  together.cluster.shard_optimizer = GetParam().shard;
  together.cluster.bucket_megabytes = 1;
  expect_all_end_with(0, run_ranks(2, together, ExistingRun::refuse));
  expect_close(losses(together), losses(alone), GetParam().error);

  // What two have saved one goes on from, and two again.
  const std::vector<double> expected = losses(together);
  for (const int size : {1, 2}) {
    std::filesystem::remove_all(together.output / "checkpoints" / "step-12");
    if (size == 1) {
      ASSERT_EQ(pretrain(together, ExistingRun::resume), 0);
    } else {
      expect_all_end_with(0, run_ranks(2, together, ExistingRun::resume));
    }
    const std::vector<double> all = losses(together);
    expect_close({all.end() - 6, all.end()}, {expected.end() - 6, expected.end()}, GetParam().error);
  }
}

// One rank is told to stop: all save and stop at the same step.
TEST_F(CudaPretraining, AllRanksHeedASignalToOne) {
  PretrainOptions together = options("together");
  together.checkpoint.every = 0;
  together.training.steps = 1'000'000;
  together.log.every = 100;
  const auto outcomes = run_ranks(2, together, ExistingRun::refuse, [&](int rank) {
    if (rank != 1 || ::fork() != 0) return;
    ::sleep(3);
    ::kill(::getppid(), SIGTERM);
    ::_exit(0);
  });
  expect_all_end_with(SIGTERM, outcomes);
  EXPECT_GT(open_model(together.output).step().value_or(0), 0);
}

}  // namespace
}  // namespace testing
}  // namespace cloze
