#include "kernels/quantize/quantize.h"

#include "kernels/common/column_sum.h"
#include "kernels/linear/scaled_product.h"
#include "kernels/quantize/quantized_activation.h"
#include "kernels/quantize/scaling.h"
#include "tests/kernels/kernel_test.h"

namespace cloze::testing {
namespace {

struct Shape {
  int64_t rows, columns;
  int32_t live;
};
const std::vector<Shape> shapes = {{1, 16, 1}, {70, 48, 65}, {130, 80, 0}, {64, 192, 64}, {5, 200, 4}};

// A byte of FP8 as a test compares it.
template <typename Float8>
std::vector<float> widened_all(const std::vector<Float8>& values) {
  std::vector<float> wide;
  for (const Float8 value : values) wide.push_back(to_float(value));
  return wide;
}

template <typename T, typename Float8>
struct Quantized {
  Quantized(const Shape& shape, float magnitude, float scale_value)
      : live(shape.live),
        input(shape.rows, shape.columns, shape.columns + 3),
        scale(1, 1),
        amax(1, 1),
        rounded(shape.rows, shape.columns, shape.columns + 5),
        transposed(shape.columns, padded_to_float8_groups(shape.rows)) {
    fill(input, 1, -magnitude, magnitude);
    scale[0] = static_cast<T>(scale_value);
    amax[0] = 0;
  }
  template <typename Device>
  void run(Device& device) {
    quantize(device,
             {input.tensor(&live), scale.tensor(), amax.tensor(), rounded.tensor(), transposed.tensor()});
  }
  int32_t live;
  Buffer<T> input, scale, amax;
  Buffer<Float8> rounded, transposed;
};

template <typename Float8>
void expect_quantized(const Shape& shape, float magnitude, float scale) {
  Reference reference;
  Cpu cpu;
  Quantized<double, Float8> exact(shape, magnitude, scale);
  exact.run(reference);
  for (const int threads : {1, 3}) {
    const ThreadCount scope(threads);
    Quantized<float, Float8> actual(shape, magnitude, scale);
    actual.run(cpu);
    EXPECT_EQ(actual.amax[0], static_cast<float>(exact.amax[0]));
    EXPECT_EQ(widened_all(actual.rounded.values(shape.live)), widened_all(exact.rounded.values(shape.live)));
    EXPECT_EQ(widened_all(actual.transposed.values()), widened_all(exact.transposed.values()));
    for (int64_t row = 0; row < actual.transposed.columns(); ++row)
      for (int64_t column = 0; column < shape.columns; ++column) {
        const uint8_t byte = actual.transposed.at(column, row).bits;
        ASSERT_EQ(byte, row < shape.live ? actual.rounded.at(row, column).bits : 0) << row << " " << column;
      }
    for (int64_t row = 0; row < shape.live; ++row)
      for (int64_t column = 0; column < shape.columns; ++column)
        ASSERT_EQ(actual.rounded.at(row, column).bits,
                  to_float8<Float8>(actual.input.at(row, column) * scale).bits);
  }
}

TEST(Quantize, CpuEqualsReference) {
  for (const Shape& shape : shapes) {
    expect_quantized<Float8E4M3>(shape, 5, 64);
    expect_quantized<Float8E5M2>(shape, 1e-5f, 65536 * 16);
  }
}

TEST(Quantize, RaisesTheMaximumByWhatIsFinite) {
  Cpu cpu;
  Quantized<float, Float8E4M3> op({4, 16, 3}, 1, 1);
  op.input.at(0, 3) = -7;
  op.input.at(1, 5) = std::numeric_limits<float>::infinity();
  op.input.at(2, 6) = std::nanf("");
  op.input.at(3, 1) = 100;  // not live
  op.run(cpu);
  EXPECT_EQ(op.amax[0], 7);
  EXPECT_TRUE(std::isnan(to_float(op.rounded.at(1, 5))));
  EXPECT_TRUE(std::isnan(to_float(op.transposed.at(6, 2))));
  op.amax[0] = 9;
  op.run(cpu);
  EXPECT_EQ(op.amax[0], 9) << "it was lowered";
}

TEST(Quantize, OneArrangementAlone) {
  Cpu cpu;
  Quantized<float, Float8E5M2> both({20, 32, 17}, 2, 8), one({20, 32, 17}, 2, 8), other({20, 32, 17}, 2, 8);
  both.run(cpu);
  quantize(cpu,
           {one.input.tensor(&one.live), one.scale.tensor(), one.amax.tensor(), one.rounded.tensor(), {}});
  quantize(cpu, {other.input.tensor(&other.live),
                 other.scale.tensor(),
                 other.amax.tensor(),
                 {},
                 other.transposed.tensor()});
  EXPECT_EQ(widened_all(one.rounded.values(17)), widened_all(both.rounded.values(17)));
  EXPECT_EQ(widened_all(other.transposed.values()), widened_all(both.transposed.values()));
}

// Rounded as it is made, an activation has the bits of one that was stored before; the bias gradient is that
// of the values before.
template <typename T, typename Device>
void expect_as_in_parts(Device device, const Shape& shape, Activation activation) {
  Quantized<T, Float8E4M3> whole(shape, 4, 64), parts(shape, 4, 64);
  Quantized<T, Float8E5M2> whole_gradient(shape, 0.01f, 32768), parts_gradient(shape, 0.01f, 32768);
  Buffer<T> bias(1, shape.columns), values(shape.rows, shape.columns), whole_sums(1, shape.columns),
      parts_sums(1, shape.columns), workspace(1, column_sum_workspace(shape.rows, shape.columns));
  fill(bias, 7);
  fill(whole_sums, 8);
  parts_sums = whole_sums;
  const auto target = [](auto& from) {
    return Quantize{
        {}, from.scale.tensor(), from.amax.tensor(), from.rounded.tensor(), from.transposed.tensor()};
  };
  quantized_activation(device, {activation, whole.input.tensor(&whole.live), bias.tensor(), target(whole)});
  activation_forward(device, {activation, parts.input.tensor(&parts.live), bias.tensor(), values.tensor()});
  Quantize second = target(parts);
  second.input = values.tensor(&parts.live);
  quantize(device, second);
  EXPECT_EQ(widened_all(whole.rounded.values(shape.live)), widened_all(parts.rounded.values(shape.live)));
  EXPECT_EQ(widened_all(whole.transposed.values()), widened_all(parts.transposed.values()));
  EXPECT_EQ(whole.amax[0], parts.amax[0]);

  const ActivationBackward backward{.activation = activation,
                                    .input = parts.input.tensor(),
                                    .bias = bias.tensor(),
                                    .output_gradient = parts_gradient.input.tensor(&parts_gradient.live),
                                    .input_gradient = values.tensor(),
                                    .bias_gradient = parts_sums.tensor(),
                                    .mode = GradientMode::accumulate,
                                    .workspace = workspace.tensor()};
  quantized_activation_gradient(device, {.activation = activation,
                                         .input = whole.input.tensor(),
                                         .bias = bias.tensor(),
                                         .output_gradient = whole_gradient.input.tensor(&whole_gradient.live),
                                         .input_gradient = target(whole_gradient),
                                         .bias_gradient = whole_sums.tensor(),
                                         .mode = GradientMode::accumulate,
                                         .workspace = workspace.tensor()});
  activation_backward(device, backward);
  second = target(parts_gradient);
  second.input = values.tensor(&parts_gradient.live);
  quantize(device, second);
  EXPECT_EQ(widened_all(whole_gradient.rounded.values(shape.live)),
            widened_all(parts_gradient.rounded.values(shape.live)));
  EXPECT_EQ(widened_all(whole_gradient.transposed.values()), widened_all(parts_gradient.transposed.values()));
  EXPECT_EQ(whole_gradient.amax[0], parts_gradient.amax[0]);
  for (int64_t column = 0; column < shape.columns; ++column)
    EXPECT_NEAR(whole_sums[column], parts_sums[column], 1e-6) << column;
}

TEST(QuantizedActivation, EqualsItsParts) {
  for (const Shape& shape : shapes)
    for (const Activation activation : {Activation::gelu_tanh, Activation::gelu_erf, Activation::relu}) {
      expect_as_in_parts<double>(Reference{}, shape, activation);
      for (const int threads : {1, 3}) {
        const ThreadCount scope(threads);
        expect_as_in_parts<float>(Cpu{}, shape, activation);
      }
    }
}

TEST(Scaling, IsTheLargestPowerOfTwoThatFits) {
  EXPECT_EQ(scale_for(1, 448), 256);
  EXPECT_EQ(scale_for(448, 448), 1);
  EXPECT_EQ(scale_for(std::nextafter(448.0f, 500.0f), 448), 0.5f);
  EXPECT_EQ(scale_for(1e-30f, 57344), std::ldexp(1.0f, 60));
  EXPECT_EQ(scale_for(1e30f, 448), std::ldexp(1.0f, -60));
}

TEST(Scaling, FollowsTheLargestOfSixteenStepsOfAllProcesses) {
  using namespace scaling_columns;
  Cpu cpu;
  Buffer<float> scaling(2, scaling_columns::count), maxima(3, 2, 4);
  for (int64_t tensor = 0; tensor < 2; ++tensor) {
    for (int64_t column = 0; column < scaling_columns::count; ++column) scaling.at(tensor, column) = 0;
    scaling.at(tensor, limit) = 448;
    scaling.at(tensor, scale) = 8;
    scaling.at(tensor, inverse) = 0.125f;
  }
  const auto step = [&](float one, float other) {
    for (int64_t process = 0; process < 3; ++process)
      for (int64_t tensor = 0; tensor < 2; ++tensor) maxima.at(process, tensor) = 0;
    maxima.at(0, 0) = one / 2;
    maxima.at(2, 0) = one;
    maxima.at(1, 1) = other;
    scaling.at(0, amax) = one;
    update_scaling(cpu, {scaling.tensor(), maxima.tensor()});
    EXPECT_EQ(scaling.at(0, amax), 0);
  };
  step(0, 0);
  EXPECT_EQ(scaling.at(0, scale), 8) << "nothing is known yet";
  step(100, 0);
  EXPECT_EQ(scaling.at(0, scale), 4);
  EXPECT_EQ(scaling.at(0, inverse), 0.25f);
  EXPECT_EQ(scaling.at(1, scale), 8);
  for (int i = 0; i < history_steps - 1; ++i) step(1, 3);
  EXPECT_EQ(scaling.at(0, scale), 4) << "still in the history";
  EXPECT_EQ(scaling.at(1, scale), 128);
  step(1, 3);
  EXPECT_EQ(scaling.at(0, scale), 256);
  Buffer<float> collected(1, 2);
  scaling.at(0, amax) = 5;
  scaling.at(1, amax) = 6;
  collect_maxima(cpu, {scaling.tensor(), collected.tensor()});
  EXPECT_EQ(collected.values(), (std::vector<float>{5, 6}));
}

struct ProductShape {
  int64_t rows, columns, depth;
  int32_t live;
  bool bias = false;
  GradientMode mode = GradientMode::overwrite;
};
const std::vector<ProductShape> products = {{1, 16, 16, 1},
                                            {70, 48, 64, 65, true},
                                            {300, 530, 1040, 300},
                                            {40, 32, 48, 33, false, GradientMode::accumulate},
                                            {7, 16, 32, 0, true}};

template <typename T>
struct ProductCase {
  explicit ProductCase(const ProductShape& shape)
      : live(shape.live),
        mode(shape.mode),
        left(shape.rows, shape.depth, shape.depth + 16),
        right(shape.columns, shape.depth),
        inverses(1, 2),
        bias(shape.bias ? 1 : 0, shape.columns),
        output(shape.rows, shape.columns, shape.columns + 2) {
    Buffer<float> values(shape.rows, shape.depth), others(shape.columns, shape.depth);
    fill(values, 1, -300, 300);
    fill(others, 2, -50000, 50000);
    for (int64_t k = 0; k < shape.depth; ++k) {
      for (int64_t row = 0; row < shape.rows; ++row)
        left.at(row, k) = to_float8<Float8E4M3>(values.at(row, k));
      for (int64_t row = 0; row < shape.columns; ++row)
        right.at(row, k) = to_float8<Float8E5M2>(others.at(row, k));
    }
    inverses[0] = T{1} / 64;
    inverses[1] = T{1} / 65536;
    if (shape.bias) fill(bias, 3);
    if (mode == GradientMode::accumulate) fill(output, 4);
  }
  template <typename Device>
  void run(Device& device) {
    scaled_product(device, {.left = left.tensor(&live),
                            .right = right.tensor(),
                            .left_inverse = inverses.columns_view(0, 1),
                            .right_inverse = inverses.columns_view(1, 1),
                            .bias = bias.rows() > 0 ? bias.tensor() : Tensor{},
                            .output = output.tensor(),
                            .mode = mode});
  }
  std::vector<Output<T>> outputs() const { return {{"output", output.values(live)}}; }
  int32_t live;
  GradientMode mode;
  Buffer<Float8E4M3> left;
  Buffer<Float8E5M2> right;
  Buffer<T> inverses, bias, output;
};

TEST(ScaledProduct, CpuMatchesReference) {
  for (const ProductShape& shape : products) expect_cpu_matches_reference<ProductCase>(shape);
}
TEST(ScaledProduct, IsTheSameForAnyNumberOfThreads) {
  for (const ProductShape& shape : products) expect_thread_independent<ProductCase>(shape);
}

}  // namespace
}  // namespace cloze::testing
