#include "kernels/linear/linear.h"

#include <limits>

#include "kernels/elementwise/elementwise.h"
#include "tests/simt/reference_matmul.h"
#include "tests/simt/simt.h"
#include "tests/simt/stage.h"

namespace cloze::testing {
namespace {

struct LinearSetup {
  int64_t rows, in, out;
  int32_t live;
  bool bias = true, library_has_bias = true;
  GradientMode mode = GradientMode::overwrite;
};
const std::vector<LinearSetup> setups = {{9, 64, 40, 9},
                                         {9, 24, 8, 6, false},
                                         {70, 16, 3, 65, true, false},
                                         {5, 8, 16, 4, true, true, GradientMode::accumulate},
                                         {4, 8, 8, 0}};

template <typename Stage>
void use_matmul(Stage& stage, simt::ReferenceMatmul& matmul) {
  if constexpr (std::is_same_v<std::decay_t<decltype(stage.device())>, Cuda>) stage.device().matmul = &matmul;
}

TEST(CudaLinear, Forward) {
  for (const LinearSetup& s : setups)
    expect_matches_reference([&](auto& stage) {
      simt::ReferenceMatmul matmul(s.library_has_bias);
      use_matmul(stage, matmul);
      Tensor input = stage.input({s.rows, s.in});
      input.live = stage.live(s.live);
      const Tensor weight = stage.input({s.out, s.in}), bias = s.bias ? stage.input({1, s.out}) : Tensor{};
      const Tensor output = stage.output({s.rows, s.out});
      // Without a bias in the library the product is stored before the bias is added.
      const bool in_two = stage.rounds() && !s.library_has_bias;
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

}  // namespace
}  // namespace cloze::testing
