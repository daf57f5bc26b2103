#include "kernels/segment_pooling/segment_pooling.h"

#include <limits>
#include <numeric>

#include "tests/kernels/kernel_test.h"

namespace cloze::testing {
namespace {

constexpr int64_t spare = 2;  // segments and rows beyond the live ones

struct PoolSetup {
  SegmentPooling pooling;
  std::vector<int32_t> lengths;  // of the live segments
  int64_t columns = 24, stride = 0;
  GradientMode mode = GradientMode::overwrite;
};

// Forward, then backward of a made-up gradient.
template <typename T>
class PoolCase {
 public:
  explicit PoolCase(const PoolSetup& s)
      : setup(s),
        live_segments(static_cast<int32_t>(s.lengths.size())),
        live_rows(std::accumulate(s.lengths.begin(), s.lengths.end(), 0)) {
    fill(input, 1, -3, 3);
    fill(output_gradient, 2);
    if (s.mode == GradientMode::accumulate) fill(input_gradient, 3);
    offsets.at(0, 0) = 0;
    for (int64_t i = 0; i < segments; ++i) {
      const int32_t length = i < live_segments ? s.lengths[static_cast<size_t>(i)] : 0;
      offsets.at(0, i + 1) = offsets.at(0, i) + length;
    }
  }
  template <typename Device>
  void run(Device& device) {
    const bool maximum = setup.pooling == SegmentPooling::maximum;
    const Tensor where = maximum ? places.tensor(&live_segments) : Tensor{};
    segment_pool_forward(device, {setup.pooling, input.tensor(&live_rows), offsets.tensor(&live_segments),
                                  output.tensor(&live_segments), where});
    segment_pool_backward(
        device, {setup.pooling, output_gradient.tensor(&live_segments), offsets.tensor(&live_segments), where,
                 input_gradient.tensor(&live_rows), setup.mode});
    EXPECT_TRUE(output.untouched_from(live_segments));
    EXPECT_TRUE(setup.mode == GradientMode::accumulate || input_gradient.untouched_from(live_rows));
  }
  std::vector<Output<T>> outputs() const {
    Output<T> where{"places", {}};
    if (setup.pooling == SegmentPooling::maximum) {
      for (const int32_t place : places.values(live_segments)) where.values.push_back(static_cast<T>(place));
    }
    return {{"output", output.values(live_segments)},
            where,
            {"input_gradient", input_gradient.values(live_rows)}};
  }

  PoolSetup setup;
  int32_t live_segments, live_rows;
  int64_t segments = live_segments + spare;
  Buffer<T> input{live_rows + spare, setup.columns, setup.stride}, output{segments, setup.columns};
  Buffer<T> output_gradient{segments, setup.columns},
      input_gradient{live_rows + spare, setup.columns, setup.stride};
  Buffer<int32_t> offsets{1, segments + 1}, places{segments, setup.columns};
};

const std::vector<SegmentPooling> both = {SegmentPooling::mean, SegmentPooling::maximum};

TEST(SegmentPooling, CpuMatchesTheReference) {
  for (const SegmentPooling pooling : both) {
    for (const GradientMode mode : {GradientMode::overwrite, GradientMode::accumulate}) {
      expect_cpu_matches_reference<PoolCase>(PoolSetup{pooling, {1}, 1, 0, mode});
      expect_cpu_matches_reference<PoolCase>(PoolSetup{pooling, {3, 0, 5}, 7, 9, mode});
      expect_cpu_matches_reference<PoolCase>(PoolSetup{pooling, {128, 2, 77, 300}, 384, 0, mode});
    }
  }
}

TEST(SegmentPooling, DoesNotDependOnThreads) {
  for (const SegmentPooling pooling : both) {
    expect_thread_independent<PoolCase>(PoolSetup{pooling, {100, 3, 50, 2, 90, 11}, 33});
  }
}

TEST(SegmentPooling, GradientsEqualFiniteDifferences) {
  for (const SegmentPooling pooling : both) {
    PoolCase<double> pool(PoolSetup{pooling, {4, 1, 7}, 5});
    // Values of a column apart from each other by more than the differences step over.
    for (int64_t row = 0; row < pool.input.rows(); ++row)
      for (int64_t column = 0; column < 5; ++column)
        pool.input.at(row, column) = static_cast<double>((row * 7 + column) % 17) / 8;
    Reference reference;
    pool.run(reference);
    Buffer<double> live_input(pool.live_rows, 5), gradient(pool.live_rows, 5);
    for (int64_t row = 0; row < pool.live_rows; ++row)
      for (int64_t column = 0; column < 5; ++column) {
        live_input.at(row, column) = pool.input.at(row, column);
        gradient.at(row, column) = pool.input_gradient.at(row, column);
      }
    expect_gradient("input", live_input, gradient, [&] {
      for (int64_t row = 0; row < pool.live_rows; ++row)
        for (int64_t column = 0; column < 5; ++column)
          pool.input.at(row, column) = live_input.at(row, column);
      pool.run(reference);
      double sum = 0;
      for (int64_t segment = 0; segment < pool.live_segments; ++segment)
        for (int64_t column = 0; column < 5; ++column)
          sum += pool.output.at(segment, column) * pool.output_gradient.at(segment, column);
      return sum;
    });
  }
}

// Ties, and segments without rows.
template <typename Device, typename T>
void check_small_segments() {
  Device device;
  PoolCase<T> largest(PoolSetup{SegmentPooling::maximum, {3, 0}, 1});
  for (int64_t row = 0; row < 3; ++row) largest.input.at(row, 0) = row == 0 ? T(-1) : T(2);
  largest.run(device);
  EXPECT_EQ(largest.output.values(2), (std::vector<T>{2, 0}));
  EXPECT_EQ(largest.places.values(2), (std::vector<int32_t>{1, -1}));
  EXPECT_EQ(largest.input_gradient.values(3), (std::vector<T>{0, largest.output_gradient.at(0, 0), 0}));
  PoolCase<T> mean(PoolSetup{SegmentPooling::mean, {4, 0}, 1});
  for (int64_t row = 0; row < 4; ++row) mean.input.at(row, 0) = static_cast<T>(row);
  mean.run(device);
  EXPECT_EQ(mean.output.values(2), (std::vector<T>{T(1.5), 0}));
}

TEST(SegmentPooling, OfEqualsTheFirstAndOfNothingZero) {
  check_small_segments<Reference, double>();
  check_small_segments<Cpu, float>();
}

TEST(SegmentPooling, DoesNotHideWhatIsNoNumber) {
  for (const int64_t bad : {0, 1, 2}) {
    PoolCase<float> largest(PoolSetup{SegmentPooling::maximum, {3}, 1});
    largest.input.at(bad, 0) = std::numeric_limits<float>::quiet_NaN();
    Cpu cpu;
    largest.run(cpu);
    EXPECT_TRUE(std::isnan(largest.output.at(0, 0)));
    EXPECT_EQ(largest.places.at(0, 0), bad);
  }
}

}  // namespace
}  // namespace cloze::testing
