#include "kernels/optimizer/optimizer.h"

#include <cmath>
#include <limits>

#include "tests/simt/stage.h"

namespace cloze::testing {
namespace {

// Segments with and without decay, frozen, longer than a chunk, of odd length, off the vectors' grid; more
// than one table of them.
std::vector<ParameterSegment> some_segments() {
  std::vector<ParameterSegment> segments = {
      {0, 40000, 0.01f, 1},     {40000, 40013, 0, 1}, {40064, 40192, 0.01f, 0}, {40192, 40193, 0.1f, 0.5f},
      {40195, 40230, 0.01f, 1}, {40256, 56640, 0, 2}, {56640, 73025, 0.01f, 1}};
  for (int64_t i = 0; i < 150; ++i) segments.push_back({73088 + 64 * i, 73088 + 64 * i + 40, 0.01f, 1});
  return segments;
}
const std::vector<ParameterSegment> segments = some_segments();
const int64_t count = segments.back().end;

struct OptimizerSetup {
  float max_norm = 1;
  double norm = 2.5;
  bool compute_copy = true;
};

// Values of [low, high) in the segments, zeros between them.
template <typename Stage>
Tensor in_segments(Stage& stage, float low, float high) {
  const Tensor tensor = stage.input_f32({1, count}, low, high);
  std::vector<double> values = stage.read(tensor);
  int64_t end = 0;
  for (const ParameterSegment& segment : segments) {
    std::fill(values.begin() + end, values.begin() + segment.begin, 0.0);
    end = segment.end;
  }
  stage.write(tensor, values);
  return tensor;
}

template <typename Op, typename Stage>
void run(Stage& stage, const OptimizerSetup& s) {
  Op op;
  op.parameters = in_segments(stage, -1, 1);
  op.gradients = in_segments(stage, -0.1f, 0.1f);
  op.first_moment = in_segments(stage, -0.1f, 0.1f);
  op.second_moment = in_segments(stage, 0, 0.01f);
  op.segments = segments;
  op.scalars = stage.values_f32({1e-2, 1.25, 1.5});
  op.clipping = {stage.values_f32({s.norm}), s.max_norm, stage.output_ids({1, 1})};
  if (stage.on_device() && s.compute_copy) op.compute_copy = stage.make({1, count}, DType::bf16);
  if constexpr (std::is_same_v<Op, Lamb>) {
    op.workspace = stage.workspace_f64(lamb_workspace(static_cast<int64_t>(segments.size()), count));
    lamb(stage.device(), op);
  } else {
    adamw(stage.device(), op);
  }
  stage.compare("parameters", op.parameters);
  stage.compare("first moment", op.first_moment);
  stage.compare("second moment", op.second_moment);
  stage.compare("skipped", op.clipping.skipped);
  if (!op.compute_copy || !std::isfinite(s.norm)) return;
  const std::vector<double> parameters = stage.read(op.parameters);
  for (const ParameterSegment& segment : segments) {
    if (segment.learning_rate_scale == 0) continue;
    const Tensor copy{static_cast<BFloat16*>(op.compute_copy.data) + segment.begin,
                      DType::bf16,
                      1,
                      segment.end - segment.begin,
                      count,
                      nullptr};
    const std::vector<double> rounded = stage.read(copy);
    for (size_t i = 0; i < rounded.size(); ++i)
      ASSERT_EQ(
          rounded[i],
          to_float(to_bfloat16(static_cast<float>(parameters[static_cast<size_t>(segment.begin) + i]))));
  }
}

TEST(CudaOptimizer, AdamW) {
  for (const OptimizerSetup& setup :
       {OptimizerSetup{}, OptimizerSetup{0, 2.5, false}, OptimizerSetup{4, 2.5, true}})
    expect_matches_reference(Storage::f32, [&](auto& stage) { run<AdamW>(stage, setup); });
}

TEST(CudaOptimizer, Lamb) {
  for (const OptimizerSetup& setup : {OptimizerSetup{}, OptimizerSetup{0, 2.5, false}})
    expect_matches_reference(Storage::f32, [&](auto& stage) { run<Lamb>(stage, setup); });
}

TEST(CudaOptimizer, StepsWithoutAFiniteNormAreSkipped) {
  for (const double norm :
       {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    const OptimizerSetup setup{1, norm, true};
    expect_matches_reference(Storage::f32, [&](auto& stage) { run<AdamW>(stage, setup); });
    expect_matches_reference(Storage::f32, [&](auto& stage) { run<Lamb>(stage, setup); });
  }
}

TEST(CudaOptimizer, GradientNorm) {
  for (const int64_t elements : {1, 3, 4, 1023, 16384, 16385, 70001})
    expect_matches_reference(Storage::f32, [&](auto& stage) {
      const Tensor gradients = stage.input_f32({1, elements}), norm = stage.output_f32({1, 1});
      gradient_norm(stage.device(),
                    GradientNorm{gradients, norm, stage.workspace_f64(gradient_norm_workspace(elements))});
      stage.compare("norm", norm);
    });
}

}  // namespace
}  // namespace cloze::testing
