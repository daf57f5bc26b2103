#include "kernels/layer_norm/layer_norm.h"

#include "tests/simt/stage.h"

namespace cloze::testing {
namespace {

struct Setup {
  int64_t rows, hidden;
  int32_t live;
  bool bias = true, residual = true;
  float dropout = 0;
  bool in_place = false;
  GradientMode mode = GradientMode::overwrite;
  float offset = 0;  // of the residual: a mean far from zero
};

// Forward, then backward from what forward kept.
template <typename Stage>
void forward_and_backward(Stage& stage, const Setup& s) {
  const Extent extent{s.rows, s.hidden, s.in_place ? 0 : 8}, vector{1, s.hidden};
  Tensor input = stage.input(extent, -2, 2);
  input.live = stage.live(s.live);
  const Tensor bias = s.bias ? stage.input(vector) : Tensor{};
  const Tensor residual = s.residual ? stage.input(extent, s.offset - 1, s.offset + 1) : Tensor{};
  const Tensor gamma = stage.input(vector, 0.5f, 1.5f), beta = stage.input_f32(vector);
  const auto half = static_cast<int32_t>(s.rows / 2);
  const Dropout dropout = stage.dropout(s.dropout, {half, static_cast<int32_t>(s.rows) - half});
  const Tensor sum = s.in_place ? input : stage.output(extent);
  const Tensor output = stage.output(extent), statistics = stage.output_f32({s.rows, 2});
  layer_norm_forward(stage.device(), LayerNormForward{input, bias, dropout, residual, gamma, beta, 1e-12f,
                                                      sum, output, statistics});
  stage.stored(sum);
  stage.stored(output);
  stage.compare("sum", sum, s.live);
  stage.compare("output", output, s.live);
  stage.compare("statistics", statistics, s.live);

  Tensor output_gradient = stage.input(extent);
  output_gradient.live = input.live;
  const auto gradient = [&] {
    return s.mode == GradientMode::accumulate ? stage.input_f32(vector) : stage.output_f32(vector);
  };
  const Tensor sum_gradient = s.in_place ? output_gradient : stage.output(extent);
  const Tensor input_gradient = s.dropout > 0 ? stage.output(extent) : Tensor{};
  const Tensor gamma_gradient = gradient(), beta_gradient = gradient();
  const Tensor bias_gradient = s.bias ? gradient() : Tensor{};
  const Tensor workspace = stage.output_f32({1, layer_norm_backward_workspace(s.rows, s.hidden)});
  layer_norm_backward(stage.device(), LayerNormBackward{output_gradient, sum, statistics, gamma, dropout,
                                                        sum_gradient, input_gradient, gamma_gradient,
                                                        beta_gradient, bias_gradient, s.mode, workspace});
  stage.stored(sum_gradient);
  stage.compare("sum_gradient", sum_gradient, s.live);
  stage.compare("gamma_gradient", gamma_gradient);
  stage.compare("beta_gradient", beta_gradient);
  if (input_gradient) {
    stage.stored(input_gradient);
    stage.compare("input_gradient", input_gradient, s.live);
  }
  if (bias_gradient) stage.compare("bias_gradient", bias_gradient);
}

void expect_all(const Setup& setup) {
  SCOPED_TRACE("hidden " + std::to_string(setup.hidden) + ", rows " + std::to_string(setup.live));
  expect_matches_reference([&](auto& stage) { forward_and_backward(stage, setup); });
}

TEST(CudaLayerNorm, HiddenSizes) {
  for (const int64_t hidden : {8, 64, 72, 128, 256, 264, 312, 512, 768, 1024, 1032, 2048})
    expect_all({9, hidden, 9, true, true, 0.1f});
}

TEST(CudaLayerNorm, RowCounts) {
  for (const int32_t live : {0, 1, 3, 4, 63, 64, 65, 130}) expect_all({131, 64, live, true, true, 0.1f});
}

TEST(CudaLayerNorm, WithoutBiasResidualOrDropout) {
  expect_all({10, 128, 7, false, false});
  expect_all({10, 128, 7, true, false});
  expect_all({10, 128, 7, false, true, 0.5f});
}

TEST(CudaLayerNorm, InPlaceAndAccumulated) {
  expect_all({70, 200, 66, true, true, 0.1f, true});
  expect_all({70, 200, 66, true, true, 0, false, GradientMode::accumulate});
}

TEST(CudaLayerNorm, RandomShapes) {
  for_random_shapes(6, [](ShapeDraws& draw) {
    const int64_t rows = draw.between(1, 140);
    const bool in_place = draw.coin();
    expect_all({rows, 8 * draw.between(1, 128), static_cast<int32_t>(draw.between(0, rows)), draw.coin(),
                draw.coin(), draw.one_of({0.0f, 0.1f, 0.5f}), in_place,
                draw.coin() ? GradientMode::accumulate : GradientMode::overwrite});
  });
}

TEST(CudaLayerNorm, MeanFarFromZero) {
  expect_matches_reference(Storage::f32, [&](auto& stage) {
    forward_and_backward(stage, {7, 256, 7, true, true, 0, false, GradientMode::overwrite, 100});
  });
}

}  // namespace
}  // namespace cloze::testing
