#include "kernels/elementwise/elementwise.h"

#include "tests/kernels/kernel_test.h"

namespace cloze::testing {
namespace {

struct Shape {
  int64_t rows, columns, stride;
  int32_t live;
};
const std::vector<Shape> shapes = {{1, 1, 0, 1},       {3, 8, 0, 3},       {5, 17, 20, 4},
                                   {70, 100, 128, 65}, {300, 768, 0, 257}, {130, 31, 31, 129},
                                   {64, 64, 80, 0},    {2, 3072, 0, 2}};

template <typename T>
struct AddCase {
  AddCase(const Shape& shape, bool in_place)
      : live(shape.live), left(shape.rows, shape.columns, shape.stride), right(left), output(left) {
    fill(left, 1);
    fill(right, 2);
    target = in_place ? &left : &output;
  }
  template <typename Device>
  void run(Device& device) {
    add(device, {left.tensor(&live), right.tensor(&live), target->tensor(&live)});
    EXPECT_TRUE(output.untouched_from(target == &output ? live : 0));
  }
  std::vector<Output<T>> outputs() const { return {{"output", target->values(live)}}; }
  int32_t live;
  Buffer<T> left, right, output;
  Buffer<T>* target;
};

TEST(Elementwise, Add) {
  for (const Shape& shape : shapes)
    for (const bool in_place : {false, true}) {
      expect_cpu_matches_reference<AddCase>(shape, in_place);
      expect_thread_independent<AddCase>(shape, in_place);
    }
}

template <typename T>
struct AddBiasCase {
  explicit AddBiasCase(const Shape& shape)
      : live(shape.live),
        input(shape.rows, shape.columns, shape.stride),
        bias(1, shape.columns),
        output(input) {
    fill(input, 1);
    fill(bias, 2);
  }
  template <typename Device>
  void run(Device& device) {
    add_bias(device, {input.tensor(&live), bias.tensor(), output.tensor(&live)});
    EXPECT_TRUE(output.untouched_from(live));
  }
  std::vector<Output<T>> outputs() const { return {{"output", output.values(live)}}; }
  int32_t live;
  Buffer<T> input, bias, output;
};

TEST(Elementwise, AddBias) {
  for (const Shape& shape : shapes) expect_cpu_matches_reference<AddBiasCase>(shape);
}

template <typename From, typename To>
void expect_cast(Buffer<From> input, Buffer<To> output, const int32_t& live, auto expected) {
  Cpu cpu;
  Reference reference;
  const auto check = [&](auto& device) {
    Buffer<To> result = output;
    cast(device, {input.tensor(&live), result.tensor(&live)});
    EXPECT_TRUE(result.untouched_from(live));
    for (int64_t row = 0; row < live; ++row)
      for (int64_t column = 0; column < input.columns(); ++column)
        ASSERT_EQ(std::memcmp(&result.at(row, column),
                              std::vector<To>{expected(input.at(row, column))}.data(), sizeof(To)),
                  0);
  };
  check(cpu);
  check(reference);
}

TEST(Elementwise, Cast) {
  for (const Shape& shape : shapes) {
    Buffer<float> single(shape.rows, shape.columns, shape.stride);
    Buffer<BFloat16> half(shape.rows, shape.columns, shape.stride);
    fill(single, 1);
    expect_cast(single, half, shape.live, [](float value) { return to_bfloat16(value); });
    Cpu cpu;
    cast(cpu, {single.tensor(&shape.live), half.tensor(&shape.live)});
    expect_cast(half, Buffer<float>(shape.rows, shape.columns, shape.stride), shape.live,
                [](BFloat16 value) { return to_float(value); });
  }
}

template <typename T>
struct DropoutCase {
  DropoutCase(const Shape& shape, float probability)
      : live(shape.live),
        input(shape.rows, shape.columns, shape.stride),
        output(input),
        row_ids(shape.rows, 2) {
    fill(input, 1);
    fill_ids(row_ids, 2, 1000);
    key[0] = 17;
    key[1] = -3;
    dropout = {probability, 5, key.tensor(), row_ids.tensor()};
  }
  template <typename Device>
  void run(Device& device) {
    dropout_apply(device, {input.tensor(&live), dropout, output.tensor(&live)});
    EXPECT_TRUE(output.untouched_from(live));
  }
  std::vector<Output<T>> outputs() const { return {{"output", output.values(live)}}; }
  int32_t live;
  Buffer<T> input, output;
  Buffer<int32_t> key{1, 2}, row_ids;
  Dropout dropout;
};

TEST(Elementwise, Dropout) {
  for (const Shape& shape : shapes)
    for (const float probability : {0.0f, 0.1f, 0.7f}) {
      expect_cpu_matches_reference<DropoutCase>(shape, probability);
      expect_thread_independent<DropoutCase>(shape, probability);
    }
}

TEST(Elementwise, DropoutDropsExactlyTheDefinedColumns) {
  const Shape shape = {4, 203, 0, 4};
  DropoutCase<float> run(shape, 0.25f);
  Cpu cpu;
  run.run(cpu);
  for (int64_t row = 0; row < 4; ++row)
    for (int64_t column = 0; column < 203; ++column)
      ASSERT_EQ(run.output.at(row, column),
                run.input.at(row, column) * dropout_multiplier(run.dropout, row, column));
}

template <typename T>
struct ColumnSumCase {
  ColumnSumCase(const Shape& shape, GradientMode gradient_mode)
      : live(shape.live),
        mode(gradient_mode),
        input(shape.rows, shape.columns, shape.stride),
        sums(1, shape.columns),
        workspace(1, column_sum_workspace(shape.rows, shape.columns)) {
    fill(input, 1);
    if (mode == GradientMode::accumulate) fill(sums, 3);
  }
  template <typename Device>
  void run(Device& device) {
    column_sum(device, {input.tensor(&live), sums.tensor(), mode, workspace.tensor()});
  }
  std::vector<Output<T>> outputs() const { return {{"sums", sums.values()}}; }
  int32_t live;
  GradientMode mode;
  Buffer<T> input, sums, workspace;
};

TEST(Elementwise, ColumnSum) {
  for (const Shape& shape : shapes)
    for (const GradientMode mode : {GradientMode::overwrite, GradientMode::accumulate}) {
      expect_cpu_matches_reference<ColumnSumCase>(shape, mode);
      expect_thread_independent<ColumnSumCase>(shape, mode);
    }
}

}  // namespace
}  // namespace cloze::testing
