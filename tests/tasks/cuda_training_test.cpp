// Whole training steps on Cuda, which is here the emulator of tests/simt: the same graph, plan and update as
// on Cpu.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/simt/simt.h"
#include "tests/tasks/small_pretraining.h"

namespace cloze::testing {
namespace {

// 2 layers, hidden size 64, 4 heads, with dropout.
BertConfig cuda_config() {
  BertConfig config = config_of_64(0.1f);
  config.initializer_range = 0.05f;
  return config;
}

TEST(CudaTraining, FiftyStepsHaveTheLossesOfCpu) {
  const BertConfig config = cuda_config();
  SmallModel cuda(DeviceKind::cuda, config), cpu(DeviceKind::cpu, config);
  double first = 0, last = 0;
  for (uint32_t step = 0; step < 50; ++step) {
    SCOPED_TRACE(step);
    // About 64 tokens, in a capacity with room to spare: rows past the live ones are nobody's.
    const std::vector<Sequence> sequences = made_up_sequences(config, 10, 1 + step % 5);
    Capacity capacity = counts_of(sequences);
    capacity.tokens += 7;
    capacity.sequences += 2;
    capacity.predictions += 5;
    const std::vector<PretrainingBatch> batches = {pack(sequences, 0, capacity)};
    cuda.update(batches, 0.002f, {step, 3});
    cpu.update(batches, 0.002f, {step, 3});
    ASSERT_NEAR(cuda.metrics.loss(), cpu.metrics.loss(), 1e-4);
    ASSERT_EQ(cuda.metrics.predictions, cpu.metrics.predictions);
    ASSERT_NEAR(cuda.gradient_norm, cpu.gradient_norm, 1e-3 * cpu.gradient_norm);
    ASSERT_FALSE(cuda.skipped);
    if (step == 0) first = cuda.metrics.loss();
    last = cuda.metrics.loss();
  }
  EXPECT_LT(last, 0.8 * first) << "nothing was learnt";
  EXPECT_LE(largest_relative_error(cuda.flat(Memory::parameters), cpu.flat(Memory::parameters)), 1e-3);
}

// Micro-batches accumulate gradients in place, and the order of threads changes no bit.
TEST(CudaTraining, MicroBatchesAndOrderOfThreads) {
  const BertConfig config = cuda_config();
  const std::vector<Sequence> sequences = made_up_sequences(config, 8);
  const auto train = [&](DeviceKind device, size_t size) {
    SmallModel model(device, config);
    for (uint32_t step = 0; step < 2; ++step) model.update(micro_batches(sequences, size), 0.01f, {step, 7});
    return model.flat(Memory::parameters);
  };
  const std::vector<double> expected = train(DeviceKind::cpu, 3), actual = train(DeviceKind::cuda, 3);
  EXPECT_LE(largest_relative_error(actual, expected), 1e-4);
  simt::set_order(2);
  EXPECT_EQ(train(DeviceKind::cuda, 3), actual);
  simt::set_order(0);
}

// The first run of a program is an ordinary one, the second is recorded as a CUDA graph, later ones replay
// it: the same batch gives the same bits, and another batch of the same capacity its own.
TEST(CudaTraining, ReplayHasTheBitsOfTheFirstRun) {
  const BertConfig config = cuda_config();
  SmallModel model(DeviceKind::cuda, config), fresh(DeviceKind::cuda, config);
  const std::vector<Sequence> sequences = made_up_sequences(config, 5),
                              others = made_up_sequences(config, 5, 9);
  Capacity capacity{.tokens = 64, .sequences = 6, .predictions = 20};
  const auto gradients = [&](SmallModel& of, const std::vector<Sequence>& batch) {
    of.differentiate({pack(batch, 0, capacity)}, {5, 6});
    return of.flat(Memory::gradients);
  };
  const uint64_t replays = simt::replay_count();
  const std::vector<double> first = gradients(model, sequences);
  EXPECT_EQ(simt::replay_count(), replays);
  for (int run = 0; run < 2; ++run) EXPECT_EQ(gradients(model, sequences), first);
  EXPECT_EQ(simt::replay_count(), replays + 2);
  EXPECT_EQ(gradients(model, others), gradients(fresh, others));
}

}  // namespace
}  // namespace cloze::testing
