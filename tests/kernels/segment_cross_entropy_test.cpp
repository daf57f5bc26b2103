#include "kernels/segment_cross_entropy/segment_cross_entropy.h"

#include <numeric>

#include "tests/kernels/kernel_test.h"

namespace cloze::testing {
namespace {

struct SegmentSetup {
  std::vector<int32_t> lengths;    // of the live segments
  int64_t columns = 2, spare = 2;  // segments beyond the live ones
  float magnitude = 3;
  bool gradient = true, in_place = false;
};

// Every fifth label is missing.
template <typename T>
class SegmentCase {
 public:
  explicit SegmentCase(const SegmentSetup& s)
      : setup(s),
        live_segments(static_cast<int32_t>(s.lengths.size())),
        live_rows(std::accumulate(s.lengths.begin(), s.lengths.end(), 0)) {
    fill(logits, 1, -s.magnitude, s.magnitude);
    offsets.at(0, 0) = 0;
    for (int64_t i = 0; i < segments; ++i) {
      const int32_t length = i < live_segments ? s.lengths[static_cast<size_t>(i)] : 0;
      offsets.at(0, i + 1) = offsets.at(0, i) + length;
      for (int64_t c = 0; c < s.columns; ++c) {
        labels.at(i, c) =
            (i + c) % 5 == 4 || length == 0 ? -1 : static_cast<int32_t>((7 * i + 3 * c) % length);
      }
    }
    scale[0] = static_cast<T>(0.125);
  }
  template <typename Device>
  void run(Device& device) {
    segment_cross_entropy(device, {logits.tensor(&live_rows), offsets.tensor(&live_segments),
                                   labels.tensor(&live_segments), scale.tensor(), loss.tensor(),
                                   row_loss.tensor(&live_segments), row_correct.tensor(&live_segments),
                                   setup.gradient ? target().tensor(&live_rows) : Tensor{}});
  }
  std::vector<Output<T>> outputs() const {
    std::vector<Output<T>> result = {{"loss", loss.values()}, {"row_loss", row_loss.values(live_segments)}};
    Output<T> correct{"row_correct", {}};
    for (const int32_t value : row_correct.values(live_segments))
      correct.values.push_back(static_cast<T>(value));
    result.push_back(correct);
    if (setup.gradient) {
      result.push_back({"gradient", const_cast<SegmentCase*>(this)->target().values(live_rows)});
    }
    return result;
  }
  Buffer<T>& target() { return setup.in_place ? logits : gradient; }

  SegmentSetup setup;
  int32_t live_segments, live_rows;
  int64_t segments = live_segments + setup.spare;
  Buffer<T> logits{live_rows + setup.spare, setup.columns}, scale{1, 1}, loss{1, 1},
      row_loss{segments, setup.columns};
  Buffer<int32_t> offsets{1, segments + 1}, labels{segments, setup.columns},
      row_correct{segments, setup.columns};
  Buffer<T> gradient{live_rows + setup.spare, setup.columns};
};

TEST(SegmentCrossEntropy, CpuMatchesTheReference) {
  for (const bool in_place : {false, true}) {
    expect_cpu_matches_reference<SegmentCase>(SegmentSetup{{1}, 1, 0, 3, true, in_place});
    expect_cpu_matches_reference<SegmentCase>(SegmentSetup{{4, 4, 4}, 1, 2, 3, true, in_place});
    expect_cpu_matches_reference<SegmentCase>(
        SegmentSetup{{384, 1, 77, 200, 5, 31}, 2, 2, 5, true, in_place});
  }
  expect_cpu_matches_reference<SegmentCase>(SegmentSetup{{9, 30}, 2, 0, 3, false});
  expect_cpu_matches_reference<SegmentCase>(SegmentSetup{{40, 3}, 2, 0, 1e4f});
}

TEST(SegmentCrossEntropy, DoesNotDependOnThreads) {
  expect_thread_independent<SegmentCase>(SegmentSetup{{100, 3, 50, 70, 2, 90, 11}});
}

TEST(SegmentCrossEntropy, SegmentsPastTheLiveOnesStayUntouched) {
  SegmentCase<float> run(SegmentSetup{{5, 2}});
  Cpu cpu;
  run.run(cpu);
  EXPECT_TRUE(run.gradient.untouched_from(7) && run.row_loss.untouched_from(2) &&
              run.row_correct.untouched_from(2));
}

TEST(SegmentCrossEntropy, EqualLogitsGiveTheLogarithmOfTheirNumber) {
  SegmentCase<float> run(SegmentSetup{{8, 3}, 1});
  for (int64_t row = 0; row < 11; ++row) run.logits.at(row, 0) = 2;
  run.labels.at(0, 0) = 0, run.labels.at(1, 0) = 2;
  Cpu cpu;
  run.run(cpu);
  EXPECT_NEAR(run.row_loss[0], std::log(8.0), 1e-6);
  EXPECT_NEAR(run.row_loss[1], std::log(3.0), 1e-6);
  EXPECT_EQ(run.row_correct[0], 1);
  EXPECT_EQ(run.row_correct[1], 0);
}

TEST(SegmentCrossEntropy, GradientOfTheReference) {
  SegmentCase<double> exact(SegmentSetup{{5, 1, 3}, 2, 0});
  Reference reference;
  exact.run(reference);
  const Buffer<double> gradient = exact.gradient;
  expect_gradient(
      "logits", exact.logits, gradient,
      [&] {
        exact.run(reference);
        return exact.loss[0];
      },
      18);
}

}  // namespace
}  // namespace cloze::testing
