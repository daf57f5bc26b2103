#include "kernels/linear/linear.h"

#include <limits>

#include "kernels/activation/activation.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/linear/linear_gelu.h"
#include "tests/simt/reference_matmul.h"
#include "tests/simt/simt.h"
#include "tests/simt/stage.h"

namespace cloze::testing {
namespace {

struct LinearSetup {
  int64_t rows, in, out;
  int32_t live;
  bool bias = true, epilogues = true;
  GradientMode mode = GradientMode::overwrite;
};
const std::vector<LinearSetup> setups = {{9, 64, 40, 9},
                                         {9, 24, 8, 6, false},
                                         {70, 16, 3, 65, true, false},
                                         {5, 8, 16, 4, true, true, GradientMode::accumulate},
                                         {6, 16, 8, 5, true, false, GradientMode::accumulate},
                                         {4, 8, 8, 0}};

template <typename Stage>
void use_matmul(Stage& stage, simt::ReferenceMatmul& matmul) {
  if constexpr (std::is_same_v<std::decay_t<decltype(stage.device())>, Cuda>) stage.device().matmul = &matmul;
}

TEST(CudaLinear, Forward) {
  for (const LinearSetup& s : setups)
    expect_matches_reference([&](auto& stage) {
      simt::ReferenceMatmul matmul(s.epilogues);
      use_matmul(stage, matmul);
      Tensor input = stage.input({s.rows, s.in});
      input.live = stage.live(s.live);
      const Tensor weight = stage.input({s.out, s.in}), bias = s.bias ? stage.input({1, s.out}) : Tensor{};
      const Tensor output = stage.output({s.rows, s.out});
      // Without epilogues the product is stored before the bias is added.
      const bool in_two = stage.rounds() && !s.epilogues;
      linear_forward(stage.device(), LinearForward{input, weight, in_two ? Tensor{} : bias, output});
      stage.stored(output);
      if (in_two) {
        Tensor live_output = output;
        live_output.live = input.live;
        add_bias(stage.device(), AddBias{live_output, bias, output});
      }
      stage.stored(output);
      stage.compare("output", output, s.live);
    });
}

// Gradients of parameters are f32; rows past the live ones hold NaN and must not count.
TEST(CudaLinear, Gradients) {
  for (const LinearSetup& s : setups)
    expect_matches_reference([&](auto& stage) {
      simt::ReferenceMatmul matmul;
      use_matmul(stage, matmul);
      const bool accumulates = s.mode == GradientMode::accumulate;
      Tensor gradient = stage.input({s.rows, s.out});
      gradient.live = stage.live(s.live);
      const Tensor input = stage.input({s.rows, s.in}), weight = stage.input({s.out, s.in});
      const Tensor input_gradient = accumulates ? stage.input({s.rows, s.in}) : stage.output({s.rows, s.in});
      const Tensor weight_gradient =
          accumulates ? stage.input_f32({s.out, s.in}) : stage.output_f32({s.out, s.in});
      linear_input_gradient(stage.device(), LinearInputGradient{gradient, weight, input_gradient, s.mode});
      stage.stored(input_gradient);
      stage.compare("input_gradient", input_gradient, s.live);

      std::vector<double> values = stage.read(input);
      std::fill(values.begin() + s.live * s.in, values.end(), std::numeric_limits<double>::quiet_NaN());
      stage.write(input, values);
      linear_weight_gradient(stage.device(), LinearWeightGradient{gradient, input, weight_gradient, s.mode});
      stage.compare("weight_gradient", weight_gradient);
    });
}

// The bias gradient in the product's epilogue or a kernel of its own, written or added to, over live rows.
TEST(CudaLinear, WeightAndBiasGradients) {
  for (const LinearSetup& s : setups)
    expect_matches_reference([&](auto& stage) {
      simt::ReferenceMatmul matmul(s.epilogues);
      use_matmul(stage, matmul);
      const bool accumulates = s.mode == GradientMode::accumulate;
      Tensor gradient = stage.input({s.rows, s.out});
      gradient.live = stage.live(s.live);
      const Tensor input = stage.input({s.rows, s.in});
      const auto sums = [&](Extent extent) {
        return accumulates ? stage.input_f32(extent) : stage.output_f32(extent);
      };
      const Tensor weight_gradient = sums({s.out, s.in}), bias_gradient = sums({1, s.out});
      linear_weight_gradient(
          stage.device(),
          LinearWeightGradient{.output_gradient = gradient,
                               .input = input,
                               .weight_gradient = weight_gradient,
                               .mode = s.mode,
                               .bias_gradient = bias_gradient,
                               .bias_mode = s.mode,
                               .workspace = stage.output_f32({1, column_sum_workspace(s.rows, s.out)})});
      stage.compare("weight_gradient", weight_gradient);
      stage.compare("bias_gradient", bias_gradient);
    });
}

struct GeluSetup {
  int64_t rows, in, out;
  int32_t live;
  bool keep, epilogues;
};
const std::vector<GeluSetup> gelu_setups = {{9, 64, 40, 9, true, true},    {9, 24, 8, 6, true, false},
                                            {70, 16, 24, 65, false, true}, {5, 8, 16, 4, false, false},
                                            {4, 8, 8, 0, true, true},      {1, 72, 128, 1, true, false}};

TEST(CudaLinearGelu, Forward) {
  for (const GeluSetup& s : gelu_setups)
    expect_matches_reference([&](auto& stage) {
      simt::ReferenceMatmul matmul(s.epilogues);
      use_matmul(stage, matmul);
      Tensor input = stage.input({s.rows, s.in});
      input.live = stage.live(s.live);
      const Tensor weight = stage.input({s.out, s.in}), bias = stage.input({1, s.out});
      const Tensor output = stage.output({s.rows, s.out});
      const Tensor kept = s.keep ? stage.output({s.rows, s.out}) : Tensor{};
      linear_gelu(stage.device(), LinearGelu{input, weight, bias, kept, output});
      if (stage.rounds() && !s.epilogues) {  // in parts: what GELU is taken of is stored before
        Tensor stored = s.keep ? kept : output;
        linear_forward(stage.device(), LinearForward{input, weight, bias, stored});
        stage.stored(stored);
        stored.live = input.live;
        activation_forward(stage.device(), ActivationForward{Activation::gelu_tanh, stored, {}, output});
      }
      stage.stored(output);
      stage.compare("output", output, s.live);
      if (!s.keep) return;
      stage.stored(kept);
      stage.compare("pre_activation", kept, s.live);
    });
}

TEST(CudaLinearGelu, Gradient) {
  for (const GeluSetup& s : gelu_setups)
    expect_matches_reference([&](auto& stage) {
      simt::ReferenceMatmul matmul(s.epilogues);
      use_matmul(stage, matmul);
      Tensor gradient = stage.input({s.rows, s.out});
      gradient.live = stage.live(s.live);
      const Tensor weight = stage.input({s.out, s.in}), kept = stage.input({s.rows, s.in}, -3, 3);
      Tensor pre_gradient = stage.output({s.rows, s.in});
      linear_gelu_gradient(stage.device(), LinearGeluGradient{gradient, weight, kept, pre_gradient});
      if (stage.rounds() && !s.epilogues) {
        linear_input_gradient(stage.device(), LinearInputGradient{gradient, weight, pre_gradient});
        stage.stored(pre_gradient);
        pre_gradient.live = gradient.live;
        activation_backward(stage.device(), ActivationBackward{.activation = Activation::gelu_tanh,
                                                               .input = kept,
                                                               .output_gradient = pre_gradient,
                                                               .input_gradient = pre_gradient});
      }
      stage.stored(pre_gradient);
      stage.compare("pre_gradient", pre_gradient, s.live);
    });
}

}  // namespace
}  // namespace cloze::testing
