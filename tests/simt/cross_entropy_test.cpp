#include "kernels/cross_entropy/cross_entropy.h"

#include "kernels/common/philox.h"
#include "tests/simt/stage.h"

namespace cloze::testing {
namespace {

struct Setup {
  int64_t rows, classes, columns;
  int32_t live;
  bool in_place = true, gradient = true;
  float smoothing = 0;
  bool weighted = false;
};

// [1, rows] as [rows, 1].
Tensor column_of(Tensor row) {
  row.rows = row.columns;
  row.columns = row.stride = 1;
  return row;
}

template <typename Stage>
void run(Stage& stage, const Setup& s) {
  Tensor logits = stage.input({s.rows, s.columns}, -4, 4);
  logits.live = stage.live(s.live);
  std::vector<int32_t> labels;
  for (uint32_t row = 0; row < static_cast<uint32_t>(s.rows); ++row) {
    const uint32_t bits = philox({row, 9, 0, 0}, {1, 2}).word0;
    labels.push_back(row % 5 == 4 ? -1
                                  : static_cast<int32_t>(scale_to(bits, static_cast<uint32_t>(s.classes))));
  }
  // The first row's label is the highest logit, the second's is as high as an earlier one.
  std::vector<double> values = stage.read(logits);
  const auto at = [&](int64_t row, int64_t column) -> double& {
    return values[static_cast<size_t>(row * s.columns + column)];
  };
  if (s.rows > 1) {
    labels[0] = static_cast<int32_t>(s.classes) - 1;
    labels[1] = static_cast<int32_t>(s.classes) - 1;
    at(0, labels[0]) = at(1, labels[1]) = at(1, 0) = 5;
    stage.write(logits, values);
  }
  const Tensor label = stage.ids({s.rows, 1}, labels), scale = stage.values_f32({1.0 / 7});
  const Tensor loss = stage.output_f32({1, 1}), row_loss = stage.output_f32({s.rows, 1});
  const Tensor correct = stage.output_ids({s.rows, 1});
  const Tensor gradient = !s.gradient ? Tensor{} : s.in_place ? logits : stage.output({s.rows, s.columns});
  std::vector<double> weights;
  for (int64_t row = 0; row < s.rows; ++row) weights.push_back(0.25 * static_cast<double>(row % 4));
  cross_entropy(stage.device(),
                CrossEntropy{logits, label, s.classes, scale, loss, row_loss, correct, gradient, s.smoothing,
                             s.weighted ? column_of(stage.values_f32(weights)) : Tensor{}});
  stage.compare("loss", loss);
  stage.compare("row_loss", row_loss, s.live);
  stage.compare("correct", correct, s.live);
  if (!s.gradient) return;
  stage.stored(gradient);
  stage.compare("gradient", gradient, s.live);
}

void expect_all(const Setup& setup) {
  SCOPED_TRACE(setup.classes);
  expect_matches_reference([&](auto& stage) { run(stage, setup); });
}

TEST(CudaCrossEntropy, FewClasses) {
  for (const int64_t classes : {2, 3, 5, 31, 32, 33, 200}) expect_all({21, classes, classes, 19});
  expect_all({9, 1000, 1024, 9, false});
}

TEST(CudaCrossEntropy, SmoothedAndWeighted) {
  expect_all({21, 3, 3, 19, true, true, 0.1f, false});
  expect_all({21, 40, 40, 19, true, true, 0, true});
  expect_all({9, 2000, 2048, 9, false, true, 0.3f, true});
}

TEST(CudaCrossEntropy, EdgesOfABlock) {
  for (const int64_t columns : {1032, 8192, 8200}) expect_all({3, columns - 3, columns, 3});
}

TEST(CudaCrossEntropy, Vocabularies) {
  expect_all({6, 30522, 30592, 5});
  expect_all({5, 28996, 29056, 5, false});
}

TEST(CudaCrossEntropy, LargerThanTheRegisters) {
  expect_all({2, 40001, 40064, 2});
}

TEST(CudaCrossEntropy, EvaluationWithoutGradient) {
  expect_all({5, 3, 3, 5, false, false});
  expect_all({5, 2000, 2048, 4, false, false});
}

TEST(CudaCrossEntropy, RandomShapes) {
  for_random_shapes(8, [](ShapeDraws& draw) {
    const int64_t rows = draw.between(1, 12),
                  classes = draw.coin() ? draw.between(2, 1500) : draw.between(1000, 20000);
    const int64_t columns = draw.coin() ? classes : (classes + 127) / 128 * 128;
    expect_all(
        {rows, classes, columns, static_cast<int32_t>(draw.between(0, rows)), draw.coin(), draw.coin()});
  });
}

TEST(CudaCrossEntropy, NothingLive) {
  expect_all({4, 2, 2, 0});
  expect_all({4, 2000, 2048, 0});
}

}  // namespace
}  // namespace cloze::testing
