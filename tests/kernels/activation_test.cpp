#include "kernels/activation/activation.h"

#include "kernels/common/column_sum.h"
#include "kernels/elementwise/elementwise.h"
#include "tests/kernels/kernel_test.h"

namespace cloze::testing {
namespace {

constexpr Activation all_activations[] = {Activation::identity, Activation::relu, Activation::tanh,
                                          Activation::gelu_tanh, Activation::gelu_erf};

enum class Memory { separate, gradient_in_output_gradient, gradient_in_input };

struct ActivationSetup {
  Activation activation;
  int64_t rows, columns;
  int32_t live;
  bool bias = true;
  Memory memory = Memory::separate;
  GradientMode mode = GradientMode::overwrite;
  float magnitude = 3;
};

template <typename T>
class ActivationCase {
 public:
  explicit ActivationCase(const ActivationSetup& s) : setup(s) {
    fill(input, 1, -s.magnitude, s.magnitude);
    fill(bias, 2);
    fill(output_gradient, 3);
    if (s.mode == GradientMode::accumulate) fill(bias_gradient, 4);
  }
  template <typename Device>
  void forward(Device& device) {
    activation_forward(
        device, {setup.activation, input.tensor(&setup.live), bias_tensor(), output.tensor(&setup.live)});
  }
  template <typename Device>
  void run(Device& device) {
    forward(device);
    activation_backward(device,
                        {setup.activation, input.tensor(&setup.live), bias_tensor(),
                         output_gradient.tensor(&setup.live), gradient().tensor(&setup.live),
                         setup.bias ? bias_gradient.tensor() : Tensor{}, setup.mode, workspace.tensor()});
  }
  std::vector<Output<T>> outputs() const {
    std::vector<Output<T>> result = {
        {"output", output.values(setup.live)},
        {"input_gradient", const_cast<ActivationCase*>(this)->gradient().values(setup.live)}};
    if (setup.bias) result.push_back({"bias_gradient", bias_gradient.values()});
    return result;
  }
  Buffer<T>& gradient() {
    return setup.memory == Memory::separate            ? input_gradient
           : setup.memory == Memory::gradient_in_input ? input
                                                       : output_gradient;
  }
  Tensor bias_tensor() { return setup.bias ? bias.tensor() : Tensor{}; }

  ActivationSetup setup;
  Buffer<T> input{setup.rows, setup.columns, setup.columns + 3}, bias{1, setup.columns};
  Buffer<T> output{setup.rows, setup.columns}, output_gradient{setup.rows, setup.columns, setup.columns + 1};
  Buffer<T> input_gradient{setup.rows, setup.columns, setup.columns + 7}, bias_gradient{1, setup.columns};
  Buffer<T> workspace{1, column_sum_workspace(setup.rows, setup.columns)};
};

TEST(Activation, CpuMatchesTheReference) {
  for (const Activation activation : all_activations) {
    SCOPED_TRACE(name_of(activation));
    for (const bool bias : {true, false}) {
      expect_cpu_matches_reference<ActivationCase>(ActivationSetup{activation, 1, 1, 1, bias});
      expect_cpu_matches_reference<ActivationCase>(ActivationSetup{activation, 3, 17, 3, bias});
      expect_cpu_matches_reference<ActivationCase>(ActivationSetup{activation, 200, 100, 131, bias});
    }
    expect_cpu_matches_reference<ActivationCase>(
        ActivationSetup{activation, 66, 40, 66, true, Memory::separate, GradientMode::accumulate});
    for (const Memory memory : {Memory::gradient_in_input, Memory::gradient_in_output_gradient})
      expect_cpu_matches_reference<ActivationCase>(ActivationSetup{activation, 66, 40, 65, true, memory});
    expect_cpu_matches_reference<ActivationCase>(
        ActivationSetup{activation, 50, 64, 50, true, Memory::separate, GradientMode::overwrite, 30});
  }
}

TEST(Activation, RowsPastTheLiveOnesStayUntouched) {
  for (const Activation activation : all_activations) {
    ActivationCase<float> run(ActivationSetup{activation, 70, 33, 64});
    ActivationCase<float> none(ActivationSetup{activation, 70, 33, 0});
    Cpu cpu;
    run.run(cpu);
    none.run(cpu);
    EXPECT_TRUE(run.output.untouched_from(64) && run.input_gradient.untouched_from(64));
    EXPECT_TRUE(none.output.untouched_from(0) && none.input_gradient.untouched_from(0));
    EXPECT_EQ(none.bias_gradient.values(), std::vector<float>(33, 0.0f));
  }
}

TEST(Activation, DoesNotDependOnThreads) {
  expect_thread_independent<ActivationCase>(ActivationSetup{Activation::gelu_tanh, 333, 50, 320});
}

TEST(Activation, GradientsOfTheReference) {
  for (const Activation activation : all_activations) {
    SCOPED_TRACE(name_of(activation));
    ActivationCase<double> exact(ActivationSetup{activation, 6, 20, 6});
    if (activation == Activation::relu)
      fill(exact.bias, 2, 0, 0.001f);  // no input within reach of the corner
    Reference reference;
    for (int64_t row = 0; row < 6; ++row)
      for (int64_t c = 0; c < 20; ++c)
        if (activation == Activation::relu && std::abs(exact.input.at(row, c)) < 0.1)
          exact.input.at(row, c) = 1;
    exact.run(reference);
    const auto loss = [&] {
      exact.forward(reference);
      double sum = 0;
      for (int64_t row = 0; row < 6; ++row)
        for (int64_t c = 0; c < 20; ++c) sum += exact.output.at(row, c) * exact.output_gradient.at(row, c);
      return sum;
    };
    expect_gradient("input", exact.input, exact.input_gradient, loss, 120);
    expect_gradient("bias", exact.bias, exact.bias_gradient, loss);
  }
}

TEST(Activation, EqualsAddingTheBiasFirst) {
  for (const Activation activation : all_activations) {
    const ActivationSetup setup{activation, 70, 50, 68};
    ActivationCase<float> fused(setup), parts(setup);
    Cpu cpu;
    fused.run(cpu);
    const int32_t* live = &setup.live;
    add_bias(cpu, {parts.input.tensor(live), parts.bias.tensor(), parts.input.tensor(live)});
    activation_forward(cpu, {activation, parts.input.tensor(live), {}, parts.output.tensor(live)});
    activation_backward(cpu, {.activation = activation,
                              .input = parts.input.tensor(live),
                              .output_gradient = parts.output_gradient.tensor(live),
                              .input_gradient = parts.input_gradient.tensor(live)});
    column_sum(cpu, {parts.input_gradient.tensor(live), parts.bias_gradient.tensor(), GradientMode::overwrite,
                     parts.workspace.tensor()});
    EXPECT_EQ(parts.output.values(68), fused.output.values(68));
    EXPECT_EQ(parts.input_gradient.values(68), fused.input_gradient.values(68));
    EXPECT_EQ(parts.bias_gradient.values(), fused.bias_gradient.values());
  }
}

template <typename T, typename Device>
T value_at(Device& device, Activation activation, T x) {
  Buffer<T> input(1, 1), output(1, 1);
  input[0] = x;
  activation_forward(device, {activation, input.tensor(), {}, output.tensor()});
  return output[0];
}

// From float64 evaluations of the two formulas with Python's math module.
TEST(Activation, KnownValues) {
  Reference reference;
  Cpu cpu;
  const struct {
    Activation activation;
    double x, y;
  } known[] = {{Activation::gelu_tanh, 1, 0.8411919906082768},
               {Activation::gelu_tanh, -1, -0.15880800939172324},
               {Activation::gelu_tanh, 0.5, 0.34571400982514394},
               {Activation::gelu_tanh, 3, 2.996362607918227},
               {Activation::gelu_erf, 1, 0.8413447460685429},
               {Activation::gelu_erf, -1, -0.15865525393145707},
               {Activation::tanh, 0.5, 0.46211715726000975},
               {Activation::relu, -2, 0},
               {Activation::relu, 2, 2},
               {Activation::identity, -2, -2}};
  for (const auto& [activation, x, y] : known) {
    EXPECT_NEAR(value_at<double>(reference, activation, x), y, 1e-15) << name_of(activation) << " " << x;
    EXPECT_NEAR(value_at<float>(cpu, activation, static_cast<float>(x)), y, 2e-7)
        << name_of(activation) << " " << x;
  }
}

TEST(Activation, FarValuesAreFiniteAndNanStaysNan) {
  Cpu cpu;
  for_each_simd_target([&] {
    for (const Activation activation : {Activation::gelu_tanh, Activation::gelu_erf}) {
      EXPECT_EQ(value_at<float>(cpu, activation, 1e4f), 1e4f);
      EXPECT_EQ(value_at<float>(cpu, activation, -1e4f), 0.0f);
    }
    for (const Activation activation : all_activations)
      EXPECT_TRUE(std::isnan(value_at<float>(cpu, activation, std::nanf("")))) << name_of(activation);
  });
}

}  // namespace
}  // namespace cloze::testing
