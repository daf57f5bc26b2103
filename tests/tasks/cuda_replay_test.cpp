// A step that is replayed as a CUDA graph, on the emulator and, in tests/gpu, on a GPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tasks/small_pretraining.h"

namespace cloze::testing {
namespace {

class CudaReplay : public ::testing::TestWithParam<Precision> {};
INSTANTIATE_TEST_SUITE_P(Tasks, CudaReplay,
                         ::testing::Values(Precision::full, Precision::bf16, Precision::fp8),
                         [](const auto& instance) { return std::string(name_of(instance.param)); });

struct Trained {
  std::vector<double> parameters, first_moment, losses;
};

// Six updates of two capacities: what is recorded the second time is replayed later.
Trained trained(Precision precision, bool record) {
  const BertConfig config = config_of_64(0.1f);
  SmallModel model(DeviceKind::cuda, config, {}, precision);
  model.engine().record_steps(record);
  Trained result;
  for (uint32_t step = 0; step < 6; ++step) {
    model.update({pack(made_up_sequences(config, step % 3 == 2 ? 6 : 10))}, 1e-3f, {step, 7});
    result.losses.push_back(model.metrics.loss());
  }
  result.parameters = model.flat(Memory::parameters);
  result.first_moment = model.flat(Memory::first_moment);
  return result;
}

// One after the other: the second takes the matmul algorithms that the first chose and wrote down.
TEST_P(CudaReplay, HasTheBitsOfAnOrdinaryStep) {
  if (!gpu_multiplies(GetParam())) GTEST_SKIP() << "this GPU does not multiply FP8";
  const Trained ordinary = trained(GetParam(), false);
  ::testing::internal::CaptureStderr();
  const Trained replayed = trained(GetParam(), true);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), ::testing::Not(::testing::HasSubstr("not recorded")));
  EXPECT_EQ(replayed.losses, ordinary.losses);
  EXPECT_EQ(replayed.parameters, ordinary.parameters);
  EXPECT_EQ(replayed.first_moment, ordinary.first_moment);
}

}  // namespace
}  // namespace cloze::testing
