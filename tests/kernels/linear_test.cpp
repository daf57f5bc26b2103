#include "kernels/linear/linear.h"

#include "tests/kernels/kernel_test.h"

namespace cloze::testing {
namespace {

// `gap`: columns between the rows of each tensor.
struct Shape {
  int64_t rows, in, out, gap;
  int32_t live;
};
const std::vector<Shape> shapes = {{1, 1, 1, 0, 1},         {3, 5, 2, 3, 2},         {7, 64, 100, 0, 0},
                                   {40, 33, 17, 7, 40},     {130, 96, 200, 16, 129}, {64, 768, 2, 0, 61},
                                   {257, 128, 384, 0, 250}, {2, 300, 1000, 0, 2}};

template <typename T>
struct LinearCase {
  explicit LinearCase(const Shape& shape, bool has_bias = true,
                      GradientMode gradient_mode = GradientMode::overwrite)
      : live(shape.live),
        with_bias(has_bias),
        mode(gradient_mode),
        input(shape.rows, shape.in, shape.in + shape.gap),
        weight(shape.out, shape.in, shape.in + shape.gap),
        bias(1, shape.out),
        output(shape.rows, shape.out, shape.out + shape.gap),
        output_gradient(output),
        input_gradient(input),
        weight_gradient(weight) {
    fill(input, 1);
    fill(weight, 2);
    fill(bias, 3);
    fill(output_gradient, 4);
    if (mode == GradientMode::accumulate) {
      fill(input_gradient, 5);
      fill(weight_gradient, 6);
    }
  }
  template <typename Device>
  void forward(Device& device) {
    linear_forward(device, {input.tensor(&live), weight.tensor(), with_bias ? bias.tensor() : Tensor{},
                            output.tensor(&live)});
  }
  template <typename Device>
  void run(Device& device) {
    forward(device);
    linear_input_gradient(
        device, {output_gradient.tensor(&live), weight.tensor(), input_gradient.tensor(&live), mode});
    linear_weight_gradient(
        device, {output_gradient.tensor(&live), input.tensor(&live), weight_gradient.tensor(), mode});
    EXPECT_TRUE(output.untouched_from(live));
    EXPECT_TRUE(mode == GradientMode::accumulate || input_gradient.untouched_from(live));
  }
  std::vector<Output<T>> outputs() const {
    return {{"output", output.values(live)},
            {"input gradient", input_gradient.values(live)},
            {"weight gradient", weight_gradient.values()}};
  }
  int32_t live;
  bool with_bias;
  GradientMode mode;
  Buffer<T> input, weight, bias, output, output_gradient, input_gradient, weight_gradient;
};

TEST(Linear, CpuMatchesReference) {
  for (const int threads : {1, 2, 3, 5}) {
    const ThreadCount scope(threads);
    for (const Shape& shape : shapes) {
      SCOPED_TRACE(::testing::Message()
                   << shape.rows << " rows, " << shape.in << " in, " << shape.out << " out");
      expect_cpu_matches_reference<LinearCase>(shape, true, GradientMode::overwrite);
      expect_cpu_matches_reference<LinearCase>(shape, false, GradientMode::accumulate);
    }
  }
}

TEST(Linear, TheSameThreadsGiveTheSameBits) {
  for (const int threads : {1, 2, 3}) {
    const ThreadCount scope(threads);
    Cpu cpu;
    LinearCase<float> first(shapes[4]), second(shapes[4]);
    first.run(cpu);
    second.run(cpu);
    EXPECT_EQ(first.output.values(first.live), second.output.values(first.live));
    EXPECT_EQ(first.weight_gradient.values(), second.weight_gradient.values());
  }
}

TEST(Linear, FiniteDifferences) {
  LinearCase<double> run({9, 6, 5, 2, 7});
  Reference reference;
  run.run(reference);
  const auto loss = [&] {
    run.forward(reference);
    double sum = 0;
    for (int64_t row = 0; row < run.live; ++row)
      for (int64_t out = 0; out < 5; ++out) sum += run.output.at(row, out) * run.output_gradient.at(row, out);
    return sum;
  };
  for (int64_t row = run.live; row < 9; ++row)  // the rows that are not live have no gradient
    for (int64_t in = 0; in < 6; ++in) run.input_gradient.at(row, in) = 0;
  expect_gradient("input", run.input, run.input_gradient, loss, 100);
  expect_gradient("weight", run.weight, run.weight_gradient, loss, 100);
}

// Query, key and value: three layers stacked into one are the three, seen through column views.
TEST(Linear, StackedWeightsAreSeparateLayers) {
  const int64_t rows = 20, in = 16, out = 8;
  Buffer<float> input(rows, in), stacked(3 * out, in), bias(1, 3 * out), together(rows, 3 * out),
      apart(rows, 3 * out);
  fill(input, 1);
  fill(stacked, 2);
  fill(bias, 3);
  Cpu cpu;
  linear_forward(cpu, {input.tensor(), stacked.tensor(), bias.tensor(), together.tensor()});
  for (int64_t part = 0; part < 3; ++part) {
    const Tensor weight = {&stacked.at(part * out, 0), DType::f32, out, in, in, nullptr};
    linear_forward(cpu, {input.tensor(), weight, bias.columns_view(part * out, out),
                         apart.columns_view(part * out, out)});
  }
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < 3 * out; ++column)
      EXPECT_NEAR(together.at(row, column), apart.at(row, column), 1e-5);
}

}  // namespace
}  // namespace cloze::testing
