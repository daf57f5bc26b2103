#include "kernels/squared_error/squared_error.h"

#include "tests/kernels/kernel_test.h"

namespace cloze::testing {
namespace {

struct SquaredErrorSetup {
  int64_t rows;
  int32_t live;
  bool gradient = true, in_place = false;
};

template <typename T>
class SquaredErrorCase {
 public:
  explicit SquaredErrorCase(const SquaredErrorSetup& s) : setup(s) {
    fill(x, 1, -3, 3);
    fill(targets, 2, -3, 3);
    scale[0] = static_cast<T>(0.125);
  }
  template <typename Device>
  void run(Device& device) {
    squared_error(device,
                  {x.tensor(&setup.live), targets.tensor(&setup.live), scale.tensor(), loss.tensor(),
                   row_loss.tensor(&setup.live), setup.gradient ? target().tensor(&setup.live) : Tensor{}});
  }
  std::vector<Output<T>> outputs() const {
    std::vector<Output<T>> result = {{"loss", loss.values()}, {"row_loss", row_loss.values(setup.live)}};
    if (setup.gradient) {
      result.push_back({"gradient", const_cast<SquaredErrorCase*>(this)->target().values(setup.live)});
    }
    return result;
  }
  Buffer<T>& target() { return setup.in_place ? x : gradient; }

  SquaredErrorSetup setup;
  Buffer<T> x{setup.rows, 1}, targets{setup.rows, 1}, scale{1, 1}, loss{1, 1}, row_loss{setup.rows, 1},
      gradient{setup.rows, 1};
};

TEST(SquaredError, CpuMatchesTheReference) {
  for (const bool in_place : {false, true}) {
    expect_cpu_matches_reference<SquaredErrorCase>(SquaredErrorSetup{1, 1, true, in_place});
    expect_cpu_matches_reference<SquaredErrorCase>(SquaredErrorSetup{37, 30, true, in_place});
  }
  expect_cpu_matches_reference<SquaredErrorCase>(SquaredErrorSetup{8, 8, false});
}

TEST(SquaredError, ByHand) {
  SquaredErrorCase<float> run(SquaredErrorSetup{2, 2});
  run.x[0] = 1, run.x[1] = -2, run.targets[0] = 3, run.targets[1] = -2.5f;
  Cpu cpu;
  run.run(cpu);
  EXPECT_FLOAT_EQ(run.loss[0], 0.125f * (4 + 0.25f));
  EXPECT_FLOAT_EQ(run.gradient[0], 2 * 0.125f * -2);
  EXPECT_FLOAT_EQ(run.gradient[1], 2 * 0.125f * 0.5f);
}

TEST(SquaredError, RowsPastTheLiveOnesStayUntouched) {
  SquaredErrorCase<float> run(SquaredErrorSetup{9, 4});
  Cpu cpu;
  run.run(cpu);
  EXPECT_TRUE(run.gradient.untouched_from(4) && run.row_loss.untouched_from(4));
}

}  // namespace
}  // namespace cloze::testing
