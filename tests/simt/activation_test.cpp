#include "kernels/activation/activation.h"

#include "kernels/common/column_sum.h"

#include "tests/simt/stage.h"

namespace cloze::testing {
namespace {

constexpr Activation all[] = {Activation::identity, Activation::relu, Activation::tanh, Activation::gelu_tanh,
                              Activation::gelu_erf};
struct Shape {
  int64_t rows, columns, gap;
  int32_t live;
};
const std::vector<Shape> shapes = {
    {67, 64, 0, 65}, {9, 1024, 8, 9}, {130, 24, 0, 129}, {5, 13, 2, 4}, {3, 8, 0, 0}};

TEST(CudaActivation, Forward) {
  for (const Activation activation : all)
    for (const Shape& shape : shapes)
      for (const bool biased : {false, true})
        expect_matches_reference([&](auto& stage) {
          SCOPED_TRACE(name_of(activation));
          Tensor input = stage.input({shape.rows, shape.columns, shape.gap}, -6, 6);
          input.live = stage.live(shape.live);
          const Tensor bias = biased ? stage.input({1, shape.columns}) : Tensor{};
          const Tensor output = stage.output({shape.rows, shape.columns});
          activation_forward(stage.device(), ActivationForward{activation, input, bias, output});
          stage.stored(output);
          stage.compare("output", output, shape.live);
        });
}

TEST(CudaActivation, Backward) {
  for (const Activation activation : all)
    for (const Shape& shape : shapes)
      for (const bool biased : {false, true})
        expect_matches_reference([&](auto& stage) {
          SCOPED_TRACE(name_of(activation));
          const Tensor input = stage.input({shape.rows, shape.columns}, -4, 4);
          const Tensor bias = biased ? stage.input({1, shape.columns}) : Tensor{};
          Tensor gradient = stage.input({shape.rows, shape.columns, shape.gap});
          gradient.live = stage.live(shape.live);
          const bool accumulates = activation == Activation::relu;
          const Tensor sums =
              accumulates ? stage.input_f32({1, shape.columns}) : stage.output_f32({1, shape.columns});
          const Tensor workspace = stage.output_f32({1, column_sum_workspace(shape.rows, shape.columns)});
          activation_backward(
              stage.device(),
              ActivationBackward{activation, input, bias, gradient, gradient, biased ? sums : Tensor{},
                                 accumulates ? GradientMode::accumulate : GradientMode::overwrite,
                                 workspace});
          stage.stored(gradient);
          stage.compare("input_gradient", gradient, shape.live);
          if (biased) stage.compare("bias_gradient", sums);
        });
}

}  // namespace
}  // namespace cloze::testing
