#include "kernels/optimizer/optimizer.h"

#include <array>

#include "tests/kernels/kernel_test.h"

namespace cloze::testing {
namespace {

enum class Rule { adamw, lamb };

// Three segments with gaps between them, one longer than a chunk, one without decay, one with another
// learning rate.
const std::vector<ParameterSegment> three_segments = {
    {0, 40000, 0.01f, 1}, {40064, 40069, 0, 1}, {40128, 40900, 0.1f, 0.5f}};
constexpr int64_t three_segments_count = 40960;

template <typename T>
struct OptimizerCase {
  OptimizerCase(Rule optimizer, const std::vector<ParameterSegment>& all_segments, int64_t count, float limit,
                float gradient_scale)
      : rule(optimizer),
        segments(all_segments),
        max_norm(limit),
        parameters(1, count),
        gradients(1, count),
        first(1, count),
        second(1, count),
        workspace(1, std::max(gradient_norm_workspace(count),
                              lamb_workspace(static_cast<int64_t>(segments.size()), count))) {
    fill(parameters, 1);
    fill(gradients, 2, -gradient_scale, gradient_scale);
    fill(first, 3, -0.1f, 0.1f);
    fill(second, 4, 1e-4f, 0.01f);
    int64_t end = 0;
    for (size_t i = 0; i <= segments.size(); ++i) {  // gaps are zero
      const int64_t next = i < segments.size() ? segments[i].begin : count;
      for (int64_t element = end; element < next; ++element)
        parameters[element] = gradients[element] = first[element] = second[element] = 0;
      if (i < segments.size()) end = segments[i].end;
    }
    set_scalars(0.01f, 1, 1);
  }
  void set_scalars(T learning_rate, T first_correction, T second_correction) {
    scalars[OptimizerScalars::learning_rate] = learning_rate;
    scalars[OptimizerScalars::first_moment_correction] = first_correction;
    scalars[OptimizerScalars::second_moment_correction] = second_correction;
  }
  template <typename Device>
  void run(Device& device) {
    gradient_norm(device, {gradients.tensor(), norm.tensor(), workspace.tensor()});
    step(device);
  }
  template <typename Device>
  void step(Device& device) {
    const Clipping clipping = {norm.tensor(), max_norm, skipped.tensor()};
    if (rule == Rule::adamw)
      adamw(device, {parameters.tensor(), gradients.tensor(), first.tensor(), second.tensor(), segments,
                     scalars.tensor(), clipping});
    else
      lamb(device, {.parameters = parameters.tensor(),
                    .gradients = gradients.tensor(),
                    .first_moment = first.tensor(),
                    .second_moment = second.tensor(),
                    .segments = segments,
                    .scalars = scalars.tensor(),
                    .clipping = clipping,
                    .workspace = workspace.tensor()});
  }
  std::vector<Output<T>> outputs() const {
    return {{"norm", norm.values()},
            {"parameters", parameters.values()},
            {"first moment", first.values()},
            {"second moment", second.values()}};
  }

  Rule rule;
  std::vector<ParameterSegment> segments;
  float max_norm;
  Buffer<T> parameters, gradients, first, second, scalars{1, OptimizerScalars::count}, norm{1, 1};
  Buffer<int32_t> skipped{1, 1};
  Buffer<double> workspace;
};

class Optimizer : public ::testing::TestWithParam<Rule> {};
INSTANTIATE_TEST_SUITE_P(Both, Optimizer, ::testing::Values(Rule::adamw, Rule::lamb),
                         [](const auto& rule) { return rule.param == Rule::adamw ? "AdamW" : "Lamb"; });

TEST_P(Optimizer, CpuMatchesReference) {
  for (const float limit : {0.0f, 1.0f, 1e6f})
    for (const float gradient_scale : {0.01f, 3.0f})
      expect_cpu_matches_reference<OptimizerCase>(GetParam(), three_segments, three_segments_count, limit,
                                                  gradient_scale);
}

TEST_P(Optimizer, ThreadsDoNotMatter) {
  expect_thread_independent<OptimizerCase>(GetParam(), three_segments, three_segments_count, 1.0f, 1.0f);
}

template <typename Device, typename T>
void expect_untouched_when_not_finite(Rule rule, T bad) {
  Device device;
  OptimizerCase<T> run(rule, three_segments, three_segments_count, 1.0f, 1.0f);
  run.gradients[30000] = bad;
  const auto parameters = run.parameters.values(), first = run.first.values(), second = run.second.values();
  run.run(device);
  EXPECT_EQ(run.skipped[0], 1);
  EXPECT_EQ(run.parameters.values(), parameters);
  EXPECT_EQ(run.first.values(), first);
  EXPECT_EQ(run.second.values(), second);

  run.gradients[30000] = 0;  // and goes on with the next good gradient
  run.run(device);
  EXPECT_EQ(run.skipped[0], 0);
  EXPECT_NE(run.parameters.values(), parameters);
}

TEST_P(Optimizer, SkipsAStepThatIsNotFinite) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const float bad : {std::nanf(""), infinity, -infinity}) {
    expect_untouched_when_not_finite<Cpu, float>(GetParam(), bad);
    expect_untouched_when_not_finite<Reference, double>(GetParam(), bad);
  }
}

TEST_P(Optimizer, FrozenSegmentsAndGapsStay) {
  auto segments = three_segments;
  segments[0].learning_rate_scale = 0;
  OptimizerCase<float> run(GetParam(), segments, three_segments_count, 1.0f, 1.0f);
  const OptimizerCase<float> before = run;
  Cpu cpu;
  run.run(cpu);
  for (int64_t i = 0; i < 40064; ++i) {
    ASSERT_EQ(run.parameters[i], before.parameters[i]);
    ASSERT_EQ(run.first[i], before.first[i]);
    ASSERT_EQ(run.second[i], before.second[i]);
  }
  EXPECT_NE(run.parameters[40064], before.parameters[40064]);
  for (const auto& [begin, end] : {std::pair{40069, 40128}, std::pair{40900, 40960}})
    for (int64_t i = begin; i < end; ++i) ASSERT_EQ(run.parameters[i], 0);
}

// The test of google-research/bert's optimizer: loss = mean((x - w)²) from w = [.1, -.2, -.1]; values in
// float64.
template <typename Device, typename T>
std::array<T, 3> minimise(int steps, double learning_rate, float decay) {
  Device device;
  OptimizerCase<T> run(Rule::adamw, {{0, 3, decay, 1}}, 3, 0, 1);
  run.set_scalars(static_cast<T>(learning_rate), 1, 1);
  const std::array<double, 3> start = {0.1, -0.2, -0.1}, wanted = {0.4, 0.2, -0.5};
  for (int i = 0; i < 3; ++i) {
    run.parameters[i] = static_cast<T>(start[static_cast<size_t>(i)]);
    run.first[i] = run.second[i] = 0;
  }
  for (int step = 0; step < steps; ++step) {
    for (int i = 0; i < 3; ++i)
      run.gradients[i] = 2 * (run.parameters[i] - static_cast<T>(wanted[static_cast<size_t>(i)])) / 3;
    run.run(device);
  }
  return {run.parameters[0], run.parameters[1], run.parameters[2]};
}

TEST(AdamW, BertGoldens) {
  struct Golden {
    int steps;
    double learning_rate;
    float decay;
    std::array<double, 3> parameters;
  };
  const std::vector<Golden> goldens = {
      {1, 0.2, 0, {.7323555478425642, .43238054092692684, -.7323805409265268}},
      {2, 0.2, 0, {.6442623249165421, .6069053411216803, -.9069053411216803}},
      {100, 0.2, 0, {.40164603505761026, .1978244492374347, -.4978244492374347}},
      {1, 0.01, 0.01f, {.1316077773921282, -.16836097295367367, -.13160902704632635}},
      {3, 0.01, 0.01f, {.2225787937563793, -.0769864713464127, -.22292430569315924}}};
  for (const Golden& golden : goldens) {
    const auto reference = minimise<Reference, double>(golden.steps, golden.learning_rate, golden.decay);
    const auto cpu = minimise<Cpu, float>(golden.steps, golden.learning_rate, golden.decay);
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(reference[i], golden.parameters[i], 1e-9 * golden.learning_rate * golden.steps + 1e-14);
      EXPECT_NEAR(cpu[i], golden.parameters[i], 1e-6);
    }
  }
}

TEST(AdamW, BiasCorrectionMakesTheFirstStepTheSign) {
  OptimizerCase<double> run(Rule::adamw, {{0, 8, 0, 1}}, 8, 0, 1);
  for (int64_t i = 0; i < 8; ++i) run.first[i] = run.second[i] = 0;
  const auto before = run.parameters.values();
  run.set_scalars(0.125, 1 / (1 - 0.9), 1 / (1 - 0.999));
  Reference reference;
  run.run(reference);
  for (int64_t i = 0; i < 8; ++i)
    EXPECT_NEAR(run.parameters[i] - before[static_cast<size_t>(i)], std::copysign(0.125, -run.gradients[i]),
                2e-5);
}

TEST(AdamW, OnlyStatedSegmentsDecay) {
  OptimizerCase<double> run(Rule::adamw, {{0, 4, 0.5f, 1}, {4, 8, 0, 1}}, 8, 0, 1);
  for (int64_t i = 0; i < 8; ++i) run.first[i] = run.gradients[i] = 0;
  const auto before = run.parameters.values();
  run.set_scalars(0.25, 1, 1);
  Reference reference;
  run.run(reference);
  for (size_t i = 0; i < 8; ++i)
    EXPECT_DOUBLE_EQ(run.parameters[static_cast<int64_t>(i)], before[i] * (i < 4 ? 1 - 0.25 * 0.5 : 1));
}

TEST(AdamW, ClipsTheGradientToTheNorm) {
  OptimizerCase<double> big(Rule::adamw, {{0, 64, 0.01f, 1}}, 64, 1, 50), small(big);
  Reference reference;
  gradient_norm(reference, {big.gradients.tensor(), big.norm.tensor(), big.workspace.tensor()});
  ASSERT_GT(big.norm[0], 10);
  for (int64_t i = 0; i < 64; ++i) small.gradients[i] = big.gradients[i] / big.norm[0];
  small.max_norm = 0;
  big.run(reference);
  small.run(reference);
  EXPECT_NEAR(small.norm[0], 1, 1e-12);
  for (int64_t i = 0; i < 64; ++i) EXPECT_NEAR(big.parameters[i], small.parameters[i], 1e-14);
}

// LAMB once more, from the paper's formulae, on vectors of one segment.
TEST(Lamb, FollowsThePaper) {
  const std::vector<ParameterSegment> segments = {{0, 10, 0.01f, 1}, {10, 17, 0, 1}};
  OptimizerCase<double> run(Rule::lamb, segments, 17, 0, 2);
  const OptimizerCase<double> before = run;
  run.set_scalars(0.1, 1.5, 2.5);
  Reference reference;
  run.run(reference);
  for (const ParameterSegment& segment : segments) {
    std::vector<double> update;
    double parameter_norm = 0, update_norm = 0;
    for (int64_t i = segment.begin; i < segment.end; ++i) {
      const double beta1 = 0.9, beta2 = 0.999, gradient = before.gradients[i];
      const double m = beta1 * before.first[i] + (1 - beta1) * gradient;
      const double v = beta2 * before.second[i] + (1 - beta2) * gradient * gradient;
      update.push_back(1.5 * m / (std::sqrt(2.5 * v) + 1e-6) + segment.weight_decay * before.parameters[i]);
      parameter_norm = std::hypot(parameter_norm, before.parameters[i]);
      update_norm = std::hypot(update_norm, update.back());
    }
    const double ratio = segment.weight_decay > 0 ? parameter_norm / update_norm : 1;
    for (int64_t i = segment.begin; i < segment.end; ++i)
      EXPECT_NEAR(run.parameters[i],
                  before.parameters[i] - 0.1 * ratio * update[static_cast<size_t>(i - segment.begin)], 1e-14);
  }
}

TEST(Lamb, RatioIsOneForZeroParameters) {
  const std::vector<ParameterSegment> segments = {{0, 20, 0.01f, 1}};
  OptimizerCase<float> with_lamb(Rule::lamb, segments, 20, 0, 1), with_adamw(Rule::adamw, segments, 20, 0, 1);
  for (int64_t i = 0; i < 20; ++i) with_lamb.parameters[i] = with_adamw.parameters[i] = 0;
  Cpu cpu;
  with_lamb.run(cpu);
  with_adamw.run(cpu);
  EXPECT_EQ(with_lamb.parameters.values(), with_adamw.parameters.values());
}

TEST(GradientNorm, SquaresBeyondFloatDoNotOverflow) {
  const int64_t count = 50000;
  Buffer<float> gradients(1, count), norm(1, 1);
  Buffer<double> workspace(1, gradient_norm_workspace(count));
  for (int64_t i = 0; i < count; ++i) gradients[i] = i % 2 == 0 ? 1e25f : -1e25f;
  Cpu cpu;
  gradient_norm(cpu, {gradients.tensor(), norm.tensor(), workspace.tensor()});
  EXPECT_NEAR(norm[0] / (1e25 * std::sqrt(50000.0)), 1, 1e-6);
}

}  // namespace
}  // namespace cloze::testing
