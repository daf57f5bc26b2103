#include "kernels/segment_pooling/segment_pooling.h"

#include <numeric>

#include "tests/simt/stage.h"

namespace cloze::testing {
namespace {

constexpr int64_t spare = 2;  // segments and rows that are not live

// Forward and backward over segments of the given lengths.
template <typename Stage>
void run_pooling(Stage& stage, SegmentPooling pooling, const std::vector<int32_t>& lengths, Extent row,
                 GradientMode mode) {
  const auto live = static_cast<int32_t>(lengths.size());
  const int64_t segments = live + spare;
  const int32_t rows = std::accumulate(lengths.begin(), lengths.end(), 0);
  std::vector<int32_t> begins{0};
  for (int64_t i = 0; i < segments; ++i)
    begins.push_back(begins.back() + (i < live ? lengths[static_cast<size_t>(i)] : 0));
  Tensor input = stage.input({rows + spare, row.columns, row.gap}, -3, 3);
  Tensor offsets = stage.ids({1, segments + 1}, begins);
  Tensor output = stage.output({segments, row.columns}), places{};
  if (pooling == SegmentPooling::maximum) places = stage.output_ids({segments, row.columns});
  input.live = stage.live(rows);
  offsets.live = output.live = places.live = stage.live(live);
  segment_pool_forward(stage.device(), SegmentPoolForward{pooling, input, offsets, output, places});
  stage.stored(output);
  stage.compare("output", output, live);
  if (places) stage.compare("places", places, live);

  Tensor gradient = stage.input({segments, row.columns});
  gradient.live = stage.live(live);
  Tensor input_gradient = mode == GradientMode::accumulate
                              ? stage.input({rows + spare, row.columns, row.gap})
                              : stage.output({rows + spare, row.columns, row.gap});
  input_gradient.live = stage.live(rows);
  segment_pool_backward(stage.device(),
                        SegmentPoolBackward{pooling, gradient, offsets, places, input_gradient, mode});
  stage.stored(input_gradient);
  stage.compare("input_gradient", input_gradient, rows);
}

TEST(CudaSegmentPooling, MeanAndMaximum) {
  for (const SegmentPooling pooling : {SegmentPooling::mean, SegmentPooling::maximum}) {
    for (const GradientMode mode : {GradientMode::overwrite, GradientMode::accumulate}) {
      for (const Extent row : {Extent{1, 64, 0}, Extent{1, 264, 8}, Extent{1, 13, 0}, Extent{1, 72, 1}}) {
        expect_matches_reference([&](auto& stage) {
          run_pooling(stage, pooling, {3, 1, 0, 40, 7, 2, 5, 9, 6, 4}, row, mode);
        });
      }
      expect_matches_reference([&](auto& stage) { run_pooling(stage, pooling, {1}, {1, 8, 0}, mode); });
    }
  }
}

}  // namespace
}  // namespace cloze::testing
