#include "kernels/layer_norm/layer_norm.h"

#include "kernels/elementwise/elementwise.h"
#include "tests/kernels/kernel_test.h"
#include "tests/kernels/test_dropout.h"

namespace cloze::testing {
namespace {

enum class Memory { separate, sum_in_input, sum_in_residual, output_in_input };

struct LayerNormSetup {
  int64_t rows, hidden;
  int32_t live;
  bool bias = true, residual = true;
  float dropout = 0;
  Memory memory = Memory::separate;
  GradientMode mode = GradientMode::overwrite;
  float offset = 0;  // added to the residual: a mean far from zero
};

// Forward, then backward. The gradient of the sum takes the place of the output's except with separate
// memory.
template <typename T>
class LayerNormCase {
 public:
  explicit LayerNormCase(const LayerNormSetup& s) : setup(s) {
    fill(input, 1, -2, 2);
    fill(bias, 2);
    fill(residual, 3, s.offset - 1, s.offset + 1);
    fill(gamma, 4, 0.5f, 1.5f);
    fill(beta, 5);
    fill(output_gradient, 6);
    for (Buffer<T>* gradient : {&gamma_gradient, &beta_gradient, &bias_gradient})
      if (s.mode == GradientMode::accumulate) fill(*gradient, 7);
    dropout.name_sequence(0, s.rows / 2, 3);
    dropout.name_sequence(s.rows / 2, s.rows - s.rows / 2, 9);
  }

  template <typename Device>
  void forward(Device& device) {
    layer_norm_forward(
        device,
        {input.tensor(&setup.live), setup.bias ? bias.tensor() : Tensor{}, dropout.dropout(setup.dropout),
         setup.residual ? residual.tensor(&setup.live) : Tensor{}, gamma.tensor(), beta.tensor(), 1e-12f,
         sum().tensor(&setup.live), target().tensor(&setup.live), statistics.tensor(&setup.live)});
  }
  template <typename Device>
  void run(Device& device) {
    forward(device);
    const bool in_place = setup.memory != Memory::separate;
    Buffer<T>& into = in_place ? output_gradient : sum_gradient;
    layer_norm_backward(
        device, {output_gradient.tensor(&setup.live), sum().tensor(&setup.live),
                 statistics.tensor(&setup.live), gamma.tensor(), dropout.dropout(setup.dropout),
                 into.tensor(&setup.live), setup.dropout > 0 ? input_gradient.tensor(&setup.live) : Tensor{},
                 gamma_gradient.tensor(), beta_gradient.tensor(),
                 setup.bias ? bias_gradient.tensor() : Tensor{}, setup.mode, workspace.tensor()});
  }
  std::vector<Output<T>> outputs() const {
    auto* self = const_cast<LayerNormCase*>(this);
    const bool in_place = setup.memory != Memory::separate;
    std::vector<Output<T>> result = {
        {"sum", self->sum().values(setup.live)},
        {"output", self->target().values(setup.live)},
        {"statistics", statistics.values(setup.live)},
        {"sum_gradient", (in_place ? output_gradient : sum_gradient).values(setup.live)},
        {"gamma_gradient", gamma_gradient.values()},
        {"beta_gradient", beta_gradient.values()}};
    if (setup.dropout > 0) result.push_back({"input_gradient", input_gradient.values(setup.live)});
    if (setup.bias) result.push_back({"bias_gradient", bias_gradient.values()});
    return result;
  }
  bool dead_rows_untouched() const {
    return kept.untouched_from(setup.live) && output.untouched_from(setup.live) &&
           statistics.untouched_from(setup.live) && sum_gradient.untouched_from(setup.live) &&
           input_gradient.untouched_from(setup.live);
  }

  Buffer<T>& sum() {
    return setup.memory == Memory::sum_in_input      ? input
           : setup.memory == Memory::sum_in_residual ? residual
                                                     : kept;
  }
  Buffer<T>& target() { return setup.memory == Memory::output_in_input ? input : output; }

  LayerNormSetup setup;
  Buffer<T> input{setup.rows, setup.hidden, setup.hidden + 3}, bias{1, setup.hidden};
  TestDropout dropout{setup.rows};
  Buffer<T> residual{setup.rows, setup.hidden}, gamma{1, setup.hidden}, beta{1, setup.hidden};
  Buffer<T> kept{setup.rows, setup.hidden, setup.hidden + 5}, output{setup.rows, setup.hidden};
  Buffer<T> statistics{setup.rows, 2};
  Buffer<T> output_gradient{setup.rows, setup.hidden, setup.hidden + 2},
      sum_gradient{setup.rows, setup.hidden};
  Buffer<T> input_gradient{setup.rows, setup.hidden};
  Buffer<T> gamma_gradient{1, setup.hidden}, beta_gradient{1, setup.hidden}, bias_gradient{1, setup.hidden};
  Buffer<T> workspace{1, layer_norm_backward_workspace(setup.rows, setup.hidden)};
};

TEST(LayerNorm, CpuMatchesTheReference) {
  for (const auto& [rows, hidden] :
       {std::pair<int64_t, int64_t>{3, 4}, {1, 17}, {70, 36}, {129, 100}, {200, 768}}) {
    SCOPED_TRACE(hidden);
    const auto live = static_cast<int32_t>(rows > 5 ? rows - 3 : rows);
    expect_cpu_matches_reference<LayerNormCase>(LayerNormSetup{rows, hidden, live});
    if (hidden > 1)
      expect_cpu_matches_reference<LayerNormCase>(LayerNormSetup{rows, hidden, live, false, false});
    if (hidden > 1)
      expect_cpu_matches_reference<LayerNormCase>(LayerNormSetup{rows, hidden, live, true, true, 0.1f});
  }
}

TEST(LayerNorm, MemoryMayBeShared) {
  for (const Memory memory : {Memory::sum_in_input, Memory::sum_in_residual, Memory::output_in_input}) {
    SCOPED_TRACE(static_cast<int>(memory));
    expect_cpu_matches_reference<LayerNormCase>(LayerNormSetup{80, 100, 77, true, true, 0.2f, memory});
  }
}

TEST(LayerNorm, AccumulatesGradients) {
  expect_cpu_matches_reference<LayerNormCase>(
      LayerNormSetup{150, 64, 150, true, true, 0.1f, Memory::separate, GradientMode::accumulate});
}

TEST(LayerNorm, AMeanFarFromZeroCostsNoMoreThanInPlainLoops) {
  expect_cpu_matches_reference<LayerNormCase>(
      LayerNormSetup{20, 256, 20, true, true, 0, Memory::separate, GradientMode::overwrite, 100});
}

TEST(LayerNorm, RowsPastTheLiveOnesStayUntouched) {
  for_each_simd_target([] {
    LayerNormCase<float> some(LayerNormSetup{90, 50, 66, true, true, 0.1f});
    LayerNormCase<float> none(LayerNormSetup{90, 50, 0, true, true, 0.1f});
    Cpu cpu;
    some.run(cpu);
    none.run(cpu);
    EXPECT_TRUE(some.dead_rows_untouched());
    EXPECT_TRUE(none.dead_rows_untouched());
    EXPECT_EQ(none.gamma_gradient.values(), std::vector<float>(50, 0.0f));
  });
}

TEST(LayerNorm, DoesNotDependOnThreads) {
  expect_thread_independent<LayerNormCase>(LayerNormSetup{333, 96, 321, true, true, 0.1f});
}

TEST(LayerNorm, GradientsOfTheReference) {
  for (const float probability : {0.0f, 0.4f}) {
    SCOPED_TRACE(probability);
    LayerNormCase<double> exact(LayerNormSetup{7, 12, 7, true, true, probability});
    Reference reference;
    exact.run(reference);
    const auto loss = [&] {
      exact.forward(reference);
      double sum = 0;
      for (int64_t row = 0; row < 7; ++row)
        for (int64_t c = 0; c < 12; ++c) sum += exact.output.at(row, c) * exact.output_gradient.at(row, c);
      return sum;
    };
    expect_gradient("input", exact.input, probability > 0 ? exact.input_gradient : exact.sum_gradient, loss,
                    84);
    expect_gradient("residual", exact.residual, exact.sum_gradient, loss, 84);
    expect_gradient("bias", exact.bias, exact.bias_gradient, loss);
    expect_gradient("gamma", exact.gamma, exact.gamma_gradient, loss);
    expect_gradient("beta", exact.beta, exact.beta_gradient, loss);
  }
}

// The group against its parts, one kernel each: bias, dropout, residual, plain layer norm.
TEST(LayerNorm, EqualsTheCompositionOfItsParts) {
  const LayerNormSetup setup{70, 52, 68, true, true, 0.3f};
  LayerNormCase<float> fused(setup), parts(setup);
  Cpu cpu;
  fused.run(cpu);
  Buffer<float> sum(setup.rows, setup.hidden), output(setup.rows, setup.hidden), statistics(setup.rows, 2);
  const int32_t* live = &setup.live;
  add_bias(cpu, {parts.input.tensor(live), parts.bias.tensor(), sum.tensor(live)});
  dropout_apply(cpu, {sum.tensor(live), parts.dropout.dropout(setup.dropout), sum.tensor(live)});
  add(cpu, {sum.tensor(live), parts.residual.tensor(live), sum.tensor(live)});
  LayerNormForward plain{
      .input = sum.tensor(live), .gamma = parts.gamma.tensor(), .beta = parts.beta.tensor()};
  plain.output = output.tensor(live);
  plain.statistics = statistics.tensor(live);
  layer_norm_forward(cpu, plain);
  EXPECT_EQ(sum.values(setup.live), fused.kept.values(setup.live));
  EXPECT_EQ(output.values(setup.live), fused.output.values(setup.live));

  LayerNormBackward backward{.output_gradient = parts.output_gradient.tensor(live),
                             .sum = sum.tensor(live),
                             .statistics = statistics.tensor(live),
                             .gamma = parts.gamma.tensor()};
  backward.sum_gradient = parts.sum_gradient.tensor(live);
  backward.gamma_gradient = parts.gamma_gradient.tensor();
  backward.beta_gradient = parts.beta_gradient.tensor();
  backward.workspace = parts.workspace.tensor();
  layer_norm_backward(cpu, backward);
  dropout_apply(cpu, {parts.sum_gradient.tensor(live), parts.dropout.dropout(setup.dropout),
                      parts.input_gradient.tensor(live)});
  column_sum(cpu, {parts.input_gradient.tensor(live), parts.bias_gradient.tensor(), GradientMode::overwrite,
                   parts.workspace.tensor()});
  EXPECT_EQ(parts.sum_gradient.values(setup.live), fused.sum_gradient.values(setup.live));
  EXPECT_EQ(parts.input_gradient.values(setup.live), fused.input_gradient.values(setup.live));
  EXPECT_EQ(parts.bias_gradient.values(), fused.bias_gradient.values());
}

TEST(LayerNorm, DropoutKeepsTheStatedShareWhateverThePacking) {
  LayerNormSetup setup{64, 500, 64, false, false, 0.25f};
  const auto zeros = [&](LayerNormCase<float>& run, int64_t first, int64_t rows) {
    Cpu cpu;
    run.forward(cpu);
    std::vector<bool> result;
    for (int64_t row = first; row < first + rows; ++row)
      for (int64_t c = 0; c < setup.hidden; ++c) result.push_back(run.kept.at(row, c) == 0);
    return result;
  };
  LayerNormCase<float> here(setup), there(setup);
  there.dropout.name_sequence(0, 10, 100);  // the sequences lie ten rows later
  there.dropout.name_sequence(10, 32, 3);
  there.dropout.name_sequence(42, 22, 9);
  const std::vector<bool> dropped = zeros(here, 0, 32);
  EXPECT_EQ(dropped, zeros(there, 10, 32));
  const double share = static_cast<double>(std::count(dropped.begin(), dropped.end(), true)) / 16000.0;
  EXPECT_NEAR(share, 0.25, 5 * std::sqrt(0.25 * 0.75 / 16000));
}

}  // namespace
}  // namespace cloze::testing
