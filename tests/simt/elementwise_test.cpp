#include "kernels/elementwise/elementwise.h"

#include "tests/simt/stage.h"

namespace cloze::testing {
namespace {

struct Shape {
  int64_t rows, columns, gap;
  int32_t live;
};
// Whole groups of columns, ends of groups, strides that rule out wide accesses, nothing live.
const std::vector<Shape> shapes = {{37, 64, 0, 37}, {9, 768, 8, 5}, {70, 1024, 0, 66}, {5, 3, 0, 4},
                                   {3, 13, 3, 3},   {1, 1, 0, 1},   {40, 264, 0, 33},  {4, 64, 0, 0}};

TEST(CudaElementwise, Add) {
  for (const Shape& shape : shapes)
    expect_matches_reference([&](auto& stage) {
      Tensor left = stage.input({shape.rows, shape.columns, shape.gap});
      left.live = stage.live(shape.live);
      const Tensor right = stage.input({shape.rows, shape.columns});
      const Tensor output = stage.output({shape.rows, shape.columns, shape.gap});
      add(stage.device(), Add{left, right, output});
      stage.stored(output);
      stage.compare("sum", output, shape.live);
      add(stage.device(), Add{left, right, left});
      stage.stored(left);
      stage.compare("sum in place", left, shape.live);
    });
}

TEST(CudaElementwise, AddBias) {
  for (const Shape& shape : shapes)
    expect_matches_reference([&](auto& stage) {
      Tensor input = stage.input({shape.rows, shape.columns, shape.gap});
      input.live = stage.live(shape.live);
      const Tensor bias =
          shape.rows % 2 == 0 ? stage.input({1, shape.columns}) : stage.input_f32({1, shape.columns});
      const Tensor output = stage.output({shape.rows, shape.columns});
      add_bias(stage.device(), AddBias{input, bias, output});
      stage.stored(output);
      stage.compare("output", output, shape.live);
    });
}

// To bf16 and back: exactly rounded, and exactly what it is.
TEST(CudaElementwise, Cast) {
  for (const Shape& shape : shapes)
    for_each_order([&](uint64_t) {
      Stage<Cuda> stage(emulated_device(), DType::f32, Storage::bf16);
      Tensor input = stage.input_f32({shape.rows, shape.columns, shape.gap}, -3, 3);
      input.live = stage.live(shape.live);
      Tensor rounded = stage.make({shape.rows, shape.columns, shape.gap}, DType::bf16);
      const Tensor back = stage.make({shape.rows, shape.columns}, DType::f32);
      cast(stage.device(), Cast{input, rounded});
      rounded.live = input.live;
      cast(stage.device(), Cast{rounded, back});
      std::vector<double> expected = stage.read(input, shape.live);
      for (double& value : expected) value = to_float(to_bfloat16(static_cast<float>(value)));
      EXPECT_EQ(stage.read(rounded, shape.live), expected);
      EXPECT_EQ(stage.read(back, shape.live), expected);
    });
}

TEST(CudaElementwise, DropoutDrawsTheStatedMasks) {
  for (const Shape& shape : shapes)
    for (const float probability : {0.1f, 0.5f, 0.9f})
      expect_matches_reference([&](auto& stage) {
        Tensor input = stage.input({shape.rows, shape.columns}, 1, 2);
        input.live = stage.live(shape.live);
        const auto first = static_cast<int32_t>(shape.rows / 2);
        const Dropout dropout = stage.dropout(probability, {first, static_cast<int32_t>(shape.rows) - first});
        const Tensor output = stage.output({shape.rows, shape.columns, shape.gap});
        dropout_apply(stage.device(), DropoutApply{input, dropout, output});
        stage.stored(output);
        stage.compare("output", output, shape.live);
      });
}

TEST(CudaElementwise, ColumnSum) {
  std::vector<Shape> tall = shapes;
  tall.insert(tall.end(), {{64, 64, 0, 64}, {65, 200, 0, 65}, {700, 24, 0, 650}, {1200, 8, 8, 1200}});
  for (const Shape& shape : tall)
    for (const GradientMode mode : {GradientMode::overwrite, GradientMode::accumulate})
      expect_matches_reference([&](auto& stage) {
        Tensor input = stage.input({shape.rows, shape.columns, shape.gap});
        input.live = stage.live(shape.live);
        const Tensor sums = mode == GradientMode::accumulate ? stage.input_f32({1, shape.columns})
                                                             : stage.output_f32({1, shape.columns});
        const Tensor workspace = stage.output_f32({1, column_sum_workspace(shape.rows, shape.columns)});
        column_sum(stage.device(), ColumnSum{input, sums, mode, workspace});
        stage.compare("sums", sums);
      });
}

}  // namespace
}  // namespace cloze::testing
