// Mixed precision on Cuda, which is here the emulator of tests/simt, by the rule of DESIGN: its error is at
// most twice that of a plain bf16 reference. That reference is tests/tasks/rounding_engine.h: the same graph
// in plain f32 loops, rounded to bf16 where the graph stores bf16, so that both round at the same points and
// what is compared is the kernels. (PyTorch's bf16 rounds elsewhere: its autocast keeps layer norms in f32.)
// Exact is the float64 reference, which tests/golden holds against PyTorch.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "engine/model/encoder_scaling.h"
#include "tests/simt/simt.h"
#include "tests/tasks/rounding_engine.h"
#include "tests/tasks/small_pretraining.h"

namespace cloze::testing {
namespace {

// 2 layers, hidden size 64, 4 heads, with dropout.
BertConfig cuda_config() {
  BertConfig config = config_of_64(0.1f);
  config.initializer_range = 0.05f;
  return config;
}

// About 64 tokens, in a capacity with room to spare.
PretrainingBatch batch_of(const BertConfig& config, uint32_t step) {
  const std::vector<Sequence> sequences = made_up_sequences(config, 10, 1 + step % 5);
  Capacity capacity = counts_of(sequences);
  capacity.tokens += 7;
  capacity.sequences += 2;
  capacity.predictions += 5;
  return pack(sequences, 0, capacity);
}

double norm(const std::vector<double>& values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

std::vector<double> difference(std::vector<double> a, const std::vector<double>& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return a;
}

std::vector<double> part(const std::vector<double>& flat, const Parameter& parameter) {
  const auto begin = flat.begin() + parameter.offset;
  return {begin, begin + parameter.elements()};
}

// Cuda in low precision, the plain reference of it, and the float64 reference, side by side.
struct Three {
  explicit Three(const BertConfig& config, Precision precision = Precision::bf16)
      : cuda(DeviceKind::cuda, config, {}, precision),
        plain([&](int64_t elements) { return rounding_engine(elements, config, precision); }, config),
        exact(DeviceKind::reference, config) {}
  static std::unique_ptr<Engine> rounding_engine(int64_t elements, const BertConfig& config,
                                                 Precision precision) {
    if (precision == Precision::bf16) return make_rounding_engine(elements);
    const StateLayout state = encoder_scaling(bert_parameters(config, {}), precision).state();
    return make_rounding_engine_of_fp8(elements, state);
  }
  void for_each(auto body) {
    body(cuda);
    body(plain);
    body(exact);
  }
  SmallModel cuda, plain, exact;
};

// The error is at most twice the plain one's, plus 1e-6 of what is compared.
void expect_rule(const std::vector<double>& cuda, const std::vector<double>& plain,
                 const std::vector<double>& exact, double floor, const std::string& what) {
  const double error = norm(difference(cuda, exact)), allowed = norm(difference(plain, exact));
  EXPECT_TRUE(std::isfinite(error)) << what;
  EXPECT_LE(error, 2 * allowed + 1e-6 * floor) << what;
}

class CudaPrecisions : public ::testing::TestWithParam<Precision> {
 protected:
  void SetUp() override {
    if (!gpu_multiplies(GetParam())) GTEST_SKIP() << "this GPU does not multiply FP8";
  }
};

TEST_P(CudaPrecisions, GradientsOfEveryParameterByTheRule) {
  const BertConfig config = cuda_config();
  Three models(config, GetParam());
  const PretrainingBatch batch = batch_of(config, 0);
  models.for_each([&](SmallModel& model) { model.differentiate({batch}, {4, 5}); });
  const std::vector<double> cuda = models.cuda.flat(Memory::gradients),
                            plain = models.plain.flat(Memory::gradients),
                            exact = models.exact.flat(Memory::gradients);
  const double all = norm(exact);
  for (const Parameter& parameter : models.exact.layout().parameters())
    expect_rule(part(cuda, parameter), part(plain, parameter), part(exact, parameter), all, parameter.name);
  EXPECT_GT(norm(difference(plain, exact)), 1e-4 * all) << "nothing was rounded";
}

// Of two runs, which differ in dropout, together: how far rounding carries one run off is a matter of chance.
TEST_P(CudaPrecisions, FiftyStepsByTheRule) {
  const BertConfig config = cuda_config();
  const std::vector<uint32_t> runs = multiplies_float8(GetParam()) ? std::vector{3u} : std::vector{3u, 4u};
  std::vector<double> cuda, plain, exact;  // losses
  std::vector<double> cuda_parameters, plain_parameters, exact_parameters;
  for (const uint32_t run : runs) {
    Three models(config, GetParam());
    for (uint32_t step = 0; step < 50; ++step) {
      const PretrainingBatch batch = batch_of(config, step);
      models.for_each([&](SmallModel& model) { model.update({batch}, 0.0006f, {step, run}); });
      cuda.push_back(models.cuda.metrics.loss());
      plain.push_back(models.plain.metrics.loss());
      exact.push_back(models.exact.metrics.loss());
      ASSERT_FALSE(models.cuda.skipped);
    }
    EXPECT_LT(exact.back(), 0.8 * exact[exact.size() - 50]) << "nothing was learnt";
    const auto append = [](std::vector<double>& all, const SmallModel& model) {
      const std::vector<double> parameters = model.flat(Memory::parameters);
      all.insert(all.end(), parameters.begin(), parameters.end());
    };
    append(cuda_parameters, models.cuda);
    append(plain_parameters, models.plain);
    append(exact_parameters, models.exact);
  }
  expect_rule(cuda, plain, exact, norm(exact), "losses");
  expect_rule(cuda_parameters, plain_parameters, exact_parameters, norm(exact_parameters), "parameters");
  RecordProperty("loss_error", std::to_string(norm(difference(cuda, exact))));
  RecordProperty("plain_loss_error", std::to_string(norm(difference(plain, exact))));
}

INSTANTIATE_TEST_SUITE_P(, CudaPrecisions, ::testing::Values(Precision::bf16, Precision::fp8),
                         [](const auto& param_info) { return std::string(name_of(param_info.param)); });

// The optimizer writes the copy that the next step reads; the host's writes reach it too.
TEST(CudaPrecision, TheComputeCopyIsTheParametersRounded) {
  const BertConfig config = cuda_config();
  SmallModel model(DeviceKind::cuda, config, {}, Precision::bf16);
  const auto expect_copy = [&] {
    const std::vector<double> parameters = model.flat(Memory::parameters),
                              copy = model.flat(Memory::compute_copy);
    for (size_t i = 0; i < copy.size(); ++i)
      ASSERT_EQ(copy[i], to_float(to_bfloat16(static_cast<float>(parameters[i])))) << i;
  };
  expect_copy();
  const std::vector<double> before = model.flat(Memory::compute_copy);
  model.update({batch_of(config, 0)}, 0.002f, {1, 2});
  expect_copy();
  EXPECT_NE(model.flat(Memory::compute_copy), before);
}

// Sums of micro-batches are f32; the order of threads changes no bit.
TEST(CudaPrecision, MicroBatchesAndOrderOfThreads) {
  const BertConfig config = cuda_config();
  const std::vector<Sequence> sequences = made_up_sequences(config, 8);
  const auto gradients = [&](size_t size) {
    SmallModel model(DeviceKind::cuda, config, {}, Precision::bf16);
    model.differentiate(micro_batches(sequences, size), {5, 7});
    return model.flat(Memory::gradients);
  };
  const std::vector<double> whole = gradients(8), cut = gradients(3);
  EXPECT_LE(norm(difference(cut, whole)), 0.02 * norm(whole));
  simt::set_order(2);
  EXPECT_EQ(gradients(3), cut);
  simt::set_order(0);
}

TEST(CudaPrecision, FusedAndUnfusedByTheSameRule) {
  const BertConfig config = cuda_config();
  const PretrainingBatch batch = batch_of(config, 1);
  Three models(config);
  PretrainingCompileOptions unfused;
  unfused.fuse = false;
  SmallModel composed(DeviceKind::cuda, config, unfused, Precision::bf16);
  models.for_each([&](SmallModel& model) { model.differentiate({batch}, {4, 5}); });
  composed.differentiate({batch}, {4, 5});
  const std::vector<double> exact = models.exact.flat(Memory::gradients);
  expect_rule(composed.flat(Memory::gradients), models.plain.flat(Memory::gradients), exact, norm(exact),
              "unfused");
  expect_rule(models.cuda.flat(Memory::gradients), models.plain.flat(Memory::gradients), exact, norm(exact),
              "fused");
}

TEST(CudaPrecision, NamesTheFirstTensorThatIsNotFinite) {
  const BertConfig config = cuda_config();
  SmallModel model(DeviceKind::cuda, config, {}, Precision::bf16);
  const float bad = std::nanf("");
  model.engine().write(Memory::parameters,
                       model.layout().at(bert_names::transform + std::string(".weight")).offset,
                       std::span(&bad, 1));
  const PretrainingBatch batch = batch_of(config, 2);
  PretrainingProgram& program = model.programs().training(batch.capacity, {.first = true, .last = false});
  program.load(batch, {.global_predictions = 1, .global_sequences = 1});
  EXPECT_EQ(program.executable().first_non_finite(), "parameter cls.predictions.transform.dense.weight");
}

TEST(CudaPrecision, HostDevicesRefuseIt) {
  for (const DeviceKind device : {DeviceKind::cpu, DeviceKind::reference}) {
    try {
      make_engine(device, 8, {.precision = Precision::bf16});
      ADD_FAILURE() << "bf16 was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.problem().what, std::string("bf16 is not for the device `") + name_of(device) + "`");
      EXPECT_EQ(error.problem().remedy, "precision: f32");
    }
  }
}

}  // namespace
}  // namespace cloze::testing
