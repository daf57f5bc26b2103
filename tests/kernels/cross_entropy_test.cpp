#include "kernels/cross_entropy/cross_entropy.h"

#include <limits>

#include "tests/kernels/kernel_test.h"

namespace cloze::testing {
namespace {

struct CrossEntropySetup {
  int64_t rows, columns, classes;
  int32_t live;
  float magnitude = 3;
  bool gradient = true, in_place = false;
};

// Every fourth row has no label.
template <typename T>
class CrossEntropyCase {
 public:
  explicit CrossEntropyCase(const CrossEntropySetup& s) : setup(s) {
    fill(logits, 1, -s.magnitude, s.magnitude);
    fill_ids(labels, 2, static_cast<uint32_t>(s.classes));
    for (int64_t row = 3; row < s.rows; row += 4) labels.at(row, 0) = -1;
    scale[0] = static_cast<T>(0.125);
  }
  template <typename Device>
  void run(Device& device) {
    cross_entropy(device,
                  {logits.tensor(&setup.live), labels.tensor(&setup.live), setup.classes, scale.tensor(),
                   loss.tensor(), row_loss.tensor(&setup.live), row_correct.tensor(&setup.live),
                   setup.gradient ? target().tensor(&setup.live) : Tensor{}});
  }
  std::vector<Output<T>> outputs() const {
    std::vector<Output<T>> result = {{"loss", loss.values()}, {"row_loss", row_loss.values(setup.live)}};
    Output<T> correct{"row_correct", {}};
    for (const int32_t value : row_correct.values(setup.live))
      correct.values.push_back(static_cast<T>(value));
    result.push_back(correct);
    if (setup.gradient) {
      result.push_back({"gradient", const_cast<CrossEntropyCase*>(this)->target().values(setup.live)});
    }
    return result;
  }
  Buffer<T>& target() { return setup.in_place ? logits : gradient; }

  CrossEntropySetup setup;
  Buffer<T> logits{setup.rows, setup.columns, setup.columns + 5}, scale{1, 1}, loss{1, 1},
      row_loss{setup.rows, 1};
  Buffer<int32_t> labels{setup.rows, 1}, row_correct{setup.rows, 1};
  Buffer<T> gradient{setup.rows, setup.columns};
};

TEST(CrossEntropy, CpuMatchesTheReference) {
  for (const bool in_place : {false, true}) {
    expect_cpu_matches_reference<CrossEntropyCase>(CrossEntropySetup{1, 2, 2, 1, 3, true, in_place});
    expect_cpu_matches_reference<CrossEntropyCase>(CrossEntropySetup{9, 3, 3, 9, 3, true, in_place});
    expect_cpu_matches_reference<CrossEntropyCase>(CrossEntropySetup{40, 128, 100, 37, 3, true, in_place});
    expect_cpu_matches_reference<CrossEntropyCase>(CrossEntropySetup{17, 5000, 4999, 17, 10, true, in_place});
  }
  expect_cpu_matches_reference<CrossEntropyCase>(CrossEntropySetup{5, 30592, 30522, 4});
  expect_cpu_matches_reference<CrossEntropyCase>(CrossEntropySetup{5, 300, 299, 5, 3, false});
}

TEST(CrossEntropy, ExtremeLogits) {
  expect_cpu_matches_reference<CrossEntropyCase>(CrossEntropySetup{20, 4300, 4290, 20, 1e4f});
}

TEST(CrossEntropy, DoesNotDependOnThreads) {
  expect_thread_independent<CrossEntropyCase>(CrossEntropySetup{61, 700, 690, 60});
}

TEST(CrossEntropy, RowsPastTheLiveOnesStayUntouched) {
  for (const int32_t live : {0, 6}) {
    CrossEntropyCase<float> run(CrossEntropySetup{9, 40, 33, live});
    Cpu cpu;
    run.run(cpu);
    EXPECT_TRUE(run.gradient.untouched_from(live) && run.row_loss.untouched_from(live) &&
                run.row_correct.untouched_from(live));
    if (live == 0) {
      EXPECT_EQ(run.loss[0], 0);
    }
  }
}

TEST(CrossEntropy, GradientOfTheReference) {
  CrossEntropyCase<double> exact(CrossEntropySetup{6, 12, 10, 6});
  Reference reference;
  exact.run(reference);
  const Buffer<double> gradient = exact.gradient;
  expect_gradient(
      "logits", exact.logits, gradient,
      [&] {
        exact.run(reference);
        return exact.loss[0];
      },
      72);
}

TEST(CrossEntropy, RowsWithoutLabelAndPaddingCountForNothing) {
  for_each_simd_target([] {
    CrossEntropyCase<float> run(CrossEntropySetup{8, 40, 33, 8});
    for (int64_t row = 0; row < 8; ++row)
      for (int64_t c = 33; c < 40; ++c) run.logits.at(row, c) = 1e30f;  // would win if it were a class
    Cpu cpu;
    run.run(cpu);
    for (int64_t row = 0; row < 8; ++row) {
      double sum = 0;
      for (int64_t c = 0; c < 40; ++c) {
        sum += run.gradient.at(row, c);
        if (c >= 33 || row % 4 == 3) {
          EXPECT_EQ(run.gradient.at(row, c), 0);
        }
      }
      EXPECT_NEAR(sum, 0, 1e-6);
      if (row % 4 == 3) {
        EXPECT_EQ(run.row_loss.at(row, 0), 0);
        EXPECT_EQ(run.row_correct.at(row, 0), 0);
      } else {
        EXPECT_GT(run.row_loss.at(row, 0), 0);
        EXPECT_LT(run.row_loss.at(row, 0), 12);
      }
    }
  });
}

TEST(CrossEntropy, EqualLogitsGiveTheLogarithmOfTheirNumberAndTheFirstIsTheAnswer) {
  for_each_simd_target([] {
    for (const int32_t label : {0, 1, 30000}) {
      CrossEntropyCase<float> run(CrossEntropySetup{1, 30592, 30522, 1});
      for (int64_t c = 0; c < 30592; ++c) run.logits.at(0, c) = -7;
      run.labels[0] = label;
      Cpu cpu;
      run.run(cpu);
      EXPECT_NEAR(run.row_loss[0], std::log(30522.0), 1e-5);
      EXPECT_NEAR(run.loss[0], std::log(30522.0) / 8, 1e-5);
      EXPECT_EQ(run.row_correct[0], label == 0 ? 1 : 0);
    }
  });
}

TEST(CrossEntropy, TheHighestLogitIsCorrectWhereverItStands) {
  for_each_simd_target([] {
    for (const int32_t label : {0, 5, 63, 64, 2047, 2048, 4999}) {
      CrossEntropyCase<float> run(CrossEntropySetup{1, 5000, 5000, 1});
      run.labels[0] = label;
      run.logits.at(0, label) = 5;
      Cpu cpu;
      run.run(cpu);
      EXPECT_EQ(run.row_correct[0], 1) << label;
      run.logits.at(0, (label + 2500) % 5000) = 5.5f;
      run.run(cpu);
      EXPECT_EQ(run.row_correct[0], 0) << label;
    }
  });
}

TEST(CrossEntropy, NanAndInfinityAreNotHidden) {
  for_each_simd_target([] {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
      for (const int64_t column : {0, 50, 98}) {
        CrossEntropyCase<float> run(CrossEntropySetup{1, 104, 99, 1});
        run.logits.at(0, column) = bad;
        run.labels[0] = 7;
        Cpu cpu;
        run.run(cpu);
        EXPECT_FALSE(std::isfinite(run.loss[0])) << bad << " in column " << column;
      }
  });
}

}  // namespace
}  // namespace cloze::testing
