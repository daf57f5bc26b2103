#include "kernels/rows/rows.h"

#include <numeric>

#include "tests/kernels/kernel_test.h"

namespace cloze::testing {
namespace {

// A random choice of distinct source rows, by the order of Philox values.
void fill_distinct(Buffer<int32_t>& index, int64_t bound) {
  std::vector<int32_t> order(static_cast<size_t>(bound));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [](int32_t a, int32_t b) {
    return philox({static_cast<uint32_t>(a), 0, 0, 0}, {5, 6}).word0 <
           philox({static_cast<uint32_t>(b), 0, 0, 0}, {5, 6}).word0;
  });
  for (int64_t row = 0; row < index.rows(); ++row) index.at(row, 0) = order[static_cast<size_t>(row)];
}

struct Shape {
  int64_t many, few, columns, stride;
  int32_t live_many, live_few;
};
const std::vector<Shape> shapes = {
    {1, 1, 1, 0, 1, 1}, {10, 7, 5, 8, 9, 0}, {300, 120, 768, 0, 300, 117}, {64, 64, 33, 33, 64, 64}};

template <typename T>
struct GatherCase {
  explicit GatherCase(const Shape& shape)
      : live(shape.live_few),
        input(shape.many, shape.columns, shape.stride),
        output(shape.few, shape.columns, shape.stride),
        index(shape.few, 1) {
    fill(input, 1, -100, 100);
    fill_distinct(index, shape.many);
  }
  template <typename Device>
  void run(Device& device) {
    gather_rows(device, {input.tensor(), index.tensor(&live), output.tensor(&live)});
    EXPECT_TRUE(output.untouched_from(live));
  }
  std::vector<Output<T>> outputs() const { return {{"output", output.values(live)}}; }
  int32_t live;
  Buffer<T> input, output;
  Buffer<int32_t> index;
};

template <typename T>
struct ScatterCase {
  ScatterCase(const Shape& shape, GradientMode gradient_mode)
      : live_many(shape.live_many),
        live_few(shape.live_few),
        mode(gradient_mode),
        input(shape.few, shape.columns, shape.stride),
        output(shape.many, shape.columns, shape.stride),
        index(shape.few, 1) {
    fill(input, 1, -100, 100);
    fill_distinct(index, shape.live_many);
    if (mode == GradientMode::accumulate) fill(output, 2, -100, 100);
  }
  template <typename Device>
  void run(Device& device) {
    scatter_rows(device, {input.tensor(&live_few), index.tensor(&live_few), output.tensor(&live_many), mode});
    EXPECT_TRUE(mode == GradientMode::accumulate || output.untouched_from(live_many));
  }
  std::vector<Output<T>> outputs() const { return {{"output", output.values(live_many)}}; }
  int32_t live_many, live_few;
  GradientMode mode;
  Buffer<T> input, output;
  Buffer<int32_t> index;
};

TEST(Rows, Gather) {
  for (const Shape& shape : shapes) {
    expect_cpu_matches_reference<GatherCase>(shape);
    expect_thread_independent<GatherCase>(shape);
  }
}

TEST(Rows, Scatter) {
  for (const Shape& shape : shapes) {
    for (const GradientMode mode : {GradientMode::overwrite, GradientMode::accumulate}) {
      expect_cpu_matches_reference<ScatterCase>(shape, mode);
      expect_thread_independent<ScatterCase>(shape, mode);
    }
  }
}

template <typename Device>
void check_integers() {
  Device device;
  GatherCase<int32_t> gather(shapes[1]);
  gather.live = 3;
  gather.run(device);
  for (int64_t row = 0; row < 3; ++row)
    for (int64_t column = 0; column < 5; ++column)
      EXPECT_EQ(gather.output.at(row, column), gather.input.at(gather.index.at(row, 0), column));

  for (const GradientMode mode : {GradientMode::overwrite, GradientMode::accumulate}) {
    ScatterCase<int32_t> scatter(shapes[3], mode);
    const Buffer<int32_t> before = scatter.output;
    scatter.live_few = 40;
    scatter.run(device);
    for (int64_t row = 0; row < 64; ++row) {
      int64_t from = -1;
      for (int64_t i = 0; i < 40; ++i)
        if (scatter.index.at(i, 0) == row) from = i;
      const int32_t base = mode == GradientMode::accumulate ? before.at(row, 7) : 0;
      EXPECT_EQ(scatter.output.at(row, 7), base + (from < 0 ? 0 : scatter.input.at(from, 7)));
    }
  }
}

TEST(Rows, IntegersToo) {
  check_integers<Reference>();
  check_integers<Cpu>();
}

TEST(Rows, ScatterUndoesGather) {
  const Shape shape = {50, 50, 12, 0, 50, 50};
  GatherCase<float> gather(shape);
  Cpu cpu;
  gather.run(cpu);
  Buffer<float> back(50, 12);
  scatter_rows(cpu, {gather.output.tensor(), gather.index.tensor(), back.tensor(), GradientMode::overwrite});
  EXPECT_EQ(back.values(), gather.input.values());
}

}  // namespace
}  // namespace cloze::testing
