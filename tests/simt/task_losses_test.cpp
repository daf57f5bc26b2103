#include <numeric>

#include "kernels/segment_cross_entropy/segment_cross_entropy.h"
#include "kernels/squared_error/squared_error.h"
#include "tests/simt/stage.h"

// The losses of fine-tuning tasks on Cuda.
namespace cloze::testing {
namespace {

// Segments of the given lengths, and two in the capacity that are not live.
template <typename Stage>
void run_segments(Stage& stage, const std::vector<int32_t>& lengths, int64_t columns, bool in_place) {
  const auto live = static_cast<int32_t>(lengths.size());
  const int64_t segments = live + 2;
  const int32_t rows = std::accumulate(lengths.begin(), lengths.end(), 0);
  std::vector<int32_t> offsets{0}, labels;
  for (int64_t i = 0; i < segments; ++i) {
    const int32_t length = i < live ? lengths[static_cast<size_t>(i)] : 0;
    offsets.push_back(offsets.back() + length);
    for (int64_t c = 0; c < columns; ++c) {
      labels.push_back((i + c) % 5 == 4 || length == 0 ? -1 : static_cast<int32_t>((7 * i + 3 * c) % length));
    }
  }
  Tensor logits = stage.input({rows + 3, columns}, -4, 4);
  logits.live = stage.live(rows);
  Tensor offset = stage.ids({1, segments + 1}, offsets), label = stage.ids({segments, columns}, labels);
  offset.live = label.live = stage.live(live);
  const Tensor scale = stage.values_f32({1.0 / 7}), loss = stage.output_f32({1, 1});
  const Tensor row_loss = stage.output_f32({segments, columns}),
               correct = stage.output_ids({segments, columns});
  const Tensor gradient = in_place ? logits : stage.output({rows + 3, columns});
  segment_cross_entropy(stage.device(),
                        SegmentCrossEntropy{logits, offset, label, scale, loss, row_loss, correct, gradient});
  stage.stored(gradient);
  stage.compare("loss", loss);
  stage.compare("row_loss", row_loss, live);
  stage.compare("correct", correct, live);
  stage.compare("gradient", gradient, rows);
}

TEST(CudaSegmentCrossEntropy, SpansAndChoices) {
  for (const bool in_place : {true, false}) {
    expect_matches_reference([&](auto& stage) { run_segments(stage, {1}, 1, in_place); });
    expect_matches_reference([&](auto& stage) { run_segments(stage, {4, 4, 4, 4, 4}, 1, in_place); });
    expect_matches_reference([&](auto& stage) {
      run_segments(stage, {31, 1, 77, 32, 384, 5, 33}, 2, in_place);
    });
  }
}

TEST(CudaSquaredError, EqualsTheReference) {
  for (const int32_t live : {1, 32, 300}) {
    expect_matches_reference([&](auto& stage) {
      Tensor x = stage.input({live + 2, 1}, -3, 3), targets = stage.input({live + 2, 1}, -3, 3);
      x.live = targets.live = stage.live(live);
      const Tensor scale = stage.values_f32({1.0 / 7}), loss = stage.output_f32({1, 1});
      const Tensor row_loss = stage.output_f32({live + 2, 1}), gradient = stage.output({live + 2, 1});
      squared_error(stage.device(), SquaredError{x, targets, scale, loss, row_loss, gradient});
      stage.stored(gradient);
      stage.compare("loss", loss);
      stage.compare("row_loss", row_loss, live);
      stage.compare("gradient", gradient, live);
    });
  }
}

}  // namespace
}  // namespace cloze::testing
