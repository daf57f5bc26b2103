#include "kernels/quantize/quantize.h"

#include <limits>

#include "kernels/common/column_sum.h"
#include "kernels/linear/scaled_product.h"
#include "kernels/quantize/quantized_activation.h"
#include "kernels/quantize/scaling.h"
#include "tests/simt/reference_matmul.h"
#include "tests/simt/stage.h"

namespace cloze::testing {
namespace {

struct QuantizeSetup {
  int64_t rows, columns, gap = 0;
  int32_t live;
  bool row_major = true, transposed = true;
};
const std::vector<QuantizeSetup> setups = {
    {.rows = 1, .columns = 16, .live = 1},
    {.rows = 130, .columns = 144, .gap = 8, .live = 129},
    {.rows = 70, .columns = 64, .live = 0},
    {.rows = 33, .columns = 272, .live = 30, .transposed = false},
    {.rows = 300, .columns = 48, .live = 257, .row_major = false},
};

// Bit for bit the same as the reference: x is stored alike on both, and scales are powers of two.
template <typename Stage>
void quantize_on(Stage& stage, const QuantizeSetup& s, DType format, float magnitude, float scale) {
  Tensor input = stage.input({s.rows, s.columns, s.gap}, -magnitude, magnitude);
  std::vector<double> values = stage.read(input);
  if (s.live > 2) values[static_cast<size_t>(s.columns + 3)] = std::numeric_limits<double>::infinity();
  for (size_t i = static_cast<size_t>(s.live * s.columns); i < values.size(); ++i)
    values[i] = std::numeric_limits<double>::quiet_NaN();
  stage.write(input, values);
  input.live = stage.live(s.live);
  const Tensor amax = stage.values_f32({0.25 * double{magnitude}});
  Quantize op{.input = input, .scale = stage.values_f32({double{scale}}), .amax = amax};
  if (s.row_major) op.rounded = stage.make({s.rows, s.columns}, format);
  if (s.transposed) op.transposed = stage.make({s.columns, padded_to_float8_groups(s.rows)}, format);
  quantize(stage.device(), op);
  // What is not finite is told apart by hand: the rule compares numbers.
  const auto compare = [&](const char* name, const Tensor& tensor, int64_t rows) {
    std::vector<double> read = stage.read(tensor, rows);
    for (double& value : read)
      if (std::isnan(value)) value = -1000;
    const Tensor copy = stage.output_f32({1, static_cast<int64_t>(read.size())});
    if (read.empty()) return;
    stage.write(copy, read);
    stage.compare(name, copy);
  };
  if (s.row_major) compare("rounded", op.rounded, s.live);
  if (s.transposed) compare("transposed", op.transposed, s.columns);
  stage.compare("amax", amax);
}

TEST(CudaQuantize, BothArrangements) {
  for (const QuantizeSetup& s : setups) {
    expect_matches_reference([&](auto& stage) { quantize_on(stage, s, DType::f8_e4m3, 3, 128); });
    expect_matches_reference([&](auto& stage) { quantize_on(stage, s, DType::f8_e5m2, 0.001f, 65536); });
  }
}

TEST(CudaQuantize, RandomShapes) {
  for_random_shapes(6, [](ShapeDraws& draws) {
    const int64_t rows = draws.between(1, 300), columns = 16 * draws.between(1, 64);
    const QuantizeSetup s{.rows = rows,
                          .columns = columns,
                          .gap = 8 * draws.between(0, 2),
                          .live = static_cast<int32_t>(draws.between(0, rows)),
                          .row_major = draws.coin()};
    const DType format = draws.one_of({DType::f8_e4m3, DType::f8_e5m2});
    expect_matches_reference([&](auto& stage) { quantize_on(stage, s, format, 2, 64); });
  });
}

TEST(CudaQuantize, TheScaling) {
  expect_matches_reference(Storage::f32, [&](auto& stage) {
    constexpr int64_t tensors = 37, processes = 3;
    std::vector<double> rows;
    for (int64_t tensor = 0; tensor < tensors; ++tensor)
      for (int64_t column = 0; column < scaling_columns::count; ++column)
        rows.push_back(column == scaling_columns::limit ? 448 : 0.37 * static_cast<double>(tensor + column));
    Tensor scaling = stage.output_f32({tensors, scaling_columns::count});
    stage.write(scaling, rows);
    const Tensor own = stage.output_f32({1, tensors});
    collect_maxima(stage.device(), CollectMaxima{scaling, own});
    stage.compare("maxima", own);
    const Tensor maxima = stage.input_f32({processes, tensors, 27}, 0, 9);
    update_scaling(stage.device(), UpdateScaling{scaling, maxima});
    stage.compare("scaling", scaling);
  });
}

struct ActivationSetup {
  int64_t rows, columns;
  int32_t live;
  Activation activation = Activation::gelu_tanh;
  bool bias = true, bias_gradient = true, row_major = true, transposed = true;
  GradientMode mode = GradientMode::overwrite;
};
const std::vector<ActivationSetup> activations = {
    {.rows = 1, .columns = 16, .live = 1},
    {.rows = 130, .columns = 144, .live = 129, .mode = GradientMode::accumulate},
    {.rows = 70, .columns = 64, .live = 0},
    {.rows = 150, .columns = 48, .live = 64, .activation = Activation::relu, .transposed = false},
    {.rows = 300, .columns = 272, .live = 257, .activation = Activation::gelu_erf, .row_major = false},
    {.rows = 33, .columns = 128, .live = 30, .bias = false, .bias_gradient = false}};

// What an activation and its gradient are in FP8; of rows that are not live, what is stored transposed only.
struct Rounded {
  std::vector<double> forward, forward_transposed, backward, backward_transposed, maxima, bias_gradient;
};

class ActivationCase {
 public:
  ActivationCase(const ActivationSetup& setup, Storage storage)
      : s_(setup), stage_(emulated_device(), DType::f32, storage) {
    input_ = values(s_.rows, s_.columns, 0.0625, 37);
    gradient_ = values(s_.rows, s_.columns, 0.0078125, 53);
    input_.live = gradient_.live = stage_.live(s_.live);
    if (s_.bias) bias_ = values(1, s_.columns, 0.125, 11);
  }

  Rounded whole() {
    Quantize forward = target(DType::f8_e4m3, 16), backward = target(DType::f8_e5m2, 4096);
    quantized_activation(stage_.device(), {s_.activation, input_, bias_, forward});
    const Tensor sums = bias_gradient();
    quantized_activation_gradient(stage_.device(), {.activation = s_.activation,
                                                    .input = input_,
                                                    .bias = bias_,
                                                    .output_gradient = gradient_,
                                                    .input_gradient = backward,
                                                    .bias_gradient = sums,
                                                    .mode = s_.mode,
                                                    .workspace = workspace()});
    return read(forward, backward, sums);
  }
  Rounded in_parts() {
    Quantize forward = target(DType::f8_e4m3, 16), backward = target(DType::f8_e5m2, 4096);
    Tensor made = stage_.output({s_.rows, s_.columns});
    activation_forward(stage_.device(), {s_.activation, input_, bias_, made});
    made.live = input_.live;
    forward.input = made;
    quantize(stage_.device(), forward);
    const Tensor sums = bias_gradient();
    activation_backward(stage_.device(),
                        {s_.activation, input_, bias_, gradient_, made, sums, s_.mode, workspace()});
    backward.input = made;
    quantize(stage_.device(), backward);
    return read(forward, backward, sums);
  }

 private:
  // Multiples of `grid` that bf16 holds.
  Tensor values(int64_t rows, int64_t columns, double grid, int64_t stride) {
    const Tensor tensor = stage_.output({rows, columns});
    std::vector<double> all;
    for (int64_t i = 0; i < rows * columns; ++i)
      all.push_back(grid * static_cast<double>(i * stride % 127 - 63));
    stage_.write(tensor, all);
    return tensor;
  }
  Quantize target(DType format, double scale) {
    Quantize op{.input = {}, .scale = stage_.values_f32({scale}), .amax = stage_.values_f32({0})};
    if (s_.row_major) op.rounded = stage_.make({s_.rows, s_.columns}, format);
    if (s_.transposed) op.transposed = stage_.make({s_.columns, padded_to_float8_groups(s_.rows)}, format);
    return op;
  }
  Tensor bias_gradient() {
    if (!s_.bias_gradient) return {};
    return s_.mode == GradientMode::accumulate ? stage_.values_f32(std::vector<double>(s_.columns, 3))
                                               : stage_.output_f32({1, s_.columns});
  }
  Tensor workspace() { return stage_.output_f32({1, column_sum_workspace(s_.rows, s_.columns)}); }
  Rounded read(const Quantize& forward, const Quantize& backward, const Tensor& sums) {
    const auto read = [&](const Tensor& tensor, int64_t rows) {
      return tensor && rows > 0 ? stage_.read(tensor, rows) : std::vector<double>();
    };
    Rounded all{read(forward.rounded, s_.live),  read(forward.transposed, s_.columns),
                read(backward.rounded, s_.live), read(backward.transposed, s_.columns),
                read(forward.amax, 1),           read(sums, 1)};
    all.maxima.push_back(read(backward.amax, 1).at(0));
    return all;
  }

  const ActivationSetup s_;
  Stage<Cuda> stage_;
  Tensor input_, gradient_, bias_;
};

// The bits of activation and rounding one after the other in f32, from f32 and from bf16 alike.
void expect_as_in_parts(const ActivationSetup& s) {
  const Rounded expected = ActivationCase(s, Storage::f32).in_parts();
  for (const Storage storage : {Storage::f32, Storage::bf16})
    for_each_order([&](uint64_t) {
      const Rounded actual = ActivationCase(s, storage).whole();
      EXPECT_EQ(actual.forward, expected.forward);
      EXPECT_EQ(actual.forward_transposed, expected.forward_transposed);
      EXPECT_EQ(actual.backward, expected.backward);
      EXPECT_EQ(actual.backward_transposed, expected.backward_transposed);
      EXPECT_EQ(actual.maxima, expected.maxima);
      ASSERT_EQ(actual.bias_gradient.size(), expected.bias_gradient.size());
      for (size_t i = 0; i < expected.bias_gradient.size(); ++i)
        EXPECT_NEAR(actual.bias_gradient[i], expected.bias_gradient[i], 1e-4) << i;
    });
}

TEST(CudaQuantizedActivation, EqualsItsParts) {
  for (const ActivationSetup& s : activations) expect_as_in_parts(s);
}

TEST(CudaQuantizedActivation, RandomShapes) {
  for_random_shapes(4, [](ShapeDraws& draws) {
    const int64_t rows = draws.between(1, 300);
    expect_as_in_parts({.rows = rows,
                        .columns = 16 * draws.between(1, 40),
                        .live = static_cast<int32_t>(draws.between(0, rows)),
                        .activation = draws.one_of({Activation::gelu_tanh, Activation::gelu_erf,
                                                    Activation::relu, Activation::tanh}),
                        .bias = draws.coin(),
                        .bias_gradient = draws.coin(),
                        .row_major = draws.coin(),
                        .mode = draws.one_of({GradientMode::overwrite, GradientMode::accumulate})});
  });
}

struct ProductSetup {
  int64_t rows, columns, depth;
  int32_t live;
  bool bias, epilogues;
  GradientMode mode = GradientMode::overwrite;
};
const std::vector<ProductSetup> products = {{9, 48, 64, 9, true, true},
                                            {9, 32, 16, 6, true, false},
                                            {33, 16, 48, 30, false, true},
                                            {20, 32, 32, 20, false, true, GradientMode::accumulate},
                                            {4, 16, 16, 0, true, true}};

TEST(CudaScaledProduct, OfQuantizedOperands) {
  if (emulated_device().compute_capability < first_capability_of_float8)
    GTEST_SKIP() << "this GPU does not multiply FP8";
  for (const ProductSetup& s : products)
    expect_matches_reference([&](auto& stage) {
      simt::ReferenceMatmul matmul(s.epilogues);
      if constexpr (std::is_same_v<std::decay_t<decltype(stage.device())>, Cuda>)
        stage.device().matmul = &matmul;
      const auto quantized = [&](Extent extent, DType format, double scale, const int32_t* live) {
        Tensor input = stage.input(extent);
        input.live = live;
        Tensor rounded = stage.make(extent, format);
        quantize(stage.device(), Quantize{.input = input,
                                          .scale = stage.values_f32({scale}),
                                          .amax = stage.values_f32({0}),
                                          .rounded = rounded});
        rounded.live = live;
        return rounded;
      };
      const bool accumulates = s.mode == GradientMode::accumulate;
      const Tensor output =
          accumulates ? stage.input({s.rows, s.columns}) : stage.output({s.rows, s.columns});
      const Tensor bias = s.bias ? stage.input({1, s.columns}) : Tensor{};
      const bool in_two = stage.rounds() && s.bias && !s.epilogues;  // stored before the bias is added
      const ScaledProduct op{.left = quantized({s.rows, s.depth}, DType::f8_e5m2, 4096, stage.live(s.live)),
                             .right = quantized({s.columns, s.depth}, DType::f8_e4m3, 64, nullptr),
                             .left_inverse = stage.values_f32({1.0 / 4096}),
                             .right_inverse = stage.values_f32({1.0 / 64}),
                             .bias = in_two ? Tensor{} : bias,
                             .output = output,
                             .mode = s.mode};
      scaled_product(stage.device(), op);
      stage.stored(output);
      if (in_two) {
        std::vector<double> sums = stage.read(output), addends = stage.read(bias);
        for (size_t i = 0; i < sums.size(); ++i) sums[i] += addends[i % addends.size()];
        stage.write(output, sums);
        stage.stored(output);
      }
      if (s.live > 0) stage.compare("output", output, s.live);
    });
}

}  // namespace
}  // namespace cloze::testing
