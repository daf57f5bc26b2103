// A CPU run in bf16 products: it rounds less than the plain reference that stores everything in bf16
// (rounding_engine.h), so its error must be no larger than that one's. Exact is the float64 reference.
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/linear/rounded_product.h"
#include "tests/tasks/rounding_engine.h"
#include "tests/tasks/small_pretraining.h"

namespace cloze::testing {
namespace {

double norm_of_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double squares = 0;
  for (size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(squares);
}

class CpuPrecision : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!multiplies_bf16()) GTEST_SKIP() << "this CPU has neither AVX512-BF16 nor AMX";
  }
  void for_each(auto body) {
    body(cpu);
    body(plain);
    body(exact);
  }
  void expect_rule(Memory memory) {
    const std::vector<double> expected = exact.flat(memory);
    const double error = norm_of_difference(cpu.flat(memory), expected);
    EXPECT_TRUE(std::isfinite(error));
    EXPECT_LE(error, norm_of_difference(plain.flat(memory), expected));
    EXPECT_GT(error, 1e-5 * norm_of_difference(expected, std::vector<double>(expected.size())))
        << "nothing was rounded";
  }

  const BertConfig config = small_config(0.1f);
  SmallModel cpu{DeviceKind::cpu, config, {}, Precision::bf16_products};
  SmallModel plain{make_rounding_engine, config};
  SmallModel exact{DeviceKind::reference, config};
};

TEST_F(CpuPrecision, GradientsAreAsCloseAsThoseOfAPlainReference) {
  const PretrainingBatch batch = pack(made_up_sequences(config, 10));
  for_each([&](SmallModel& model) { model.differentiate({batch}, {4, 5}); });
  expect_rule(Memory::gradients);
}

TEST_F(CpuPrecision, SoAreParametersAfterFiftySteps) {
  const double first = [&] {
    exact.differentiate({pack(made_up_sequences(config, 10))}, {0, 3});
    return exact.metrics.loss();
  }();
  for (uint32_t step = 0; step < 50; ++step) {
    const PretrainingBatch batch = pack(made_up_sequences(config, 10, 1 + step % 5));
    for_each([&](SmallModel& model) { model.update({batch}, 0.002f, {step, 3}); });
  }
  EXPECT_LT(exact.metrics.loss(), 0.8 * first) << "nothing was learnt";
  expect_rule(Memory::parameters);
}

}  // namespace
}  // namespace cloze::testing
