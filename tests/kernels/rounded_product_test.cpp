#include "kernels/linear/rounded_product.h"

#include <cmath>
#include <limits>

#include "kernels/common/bfloat16.h"
#include "kernels/linear/linear.h"
#include "tests/kernels/kernel_test.h"

namespace cloze::testing {
namespace {

TEST(RoundToBf16, IsWhatRoundingOneByOneGives) {
  constexpr int64_t rows = 3, stride = 101;
  Buffer<float> values(rows, stride);
  fill(values, 1);
  const std::vector<float> special = {0.0f,
                                      -0.0f,
                                      1.00390625f,  // a tie: down to even
                                      1.01171875f,  // a tie: up to even
                                      std::numeric_limits<float>::max(),
                                      std::numeric_limits<float>::denorm_min(),
                                      std::numeric_limits<float>::infinity(),
                                      -std::numeric_limits<float>::infinity(),
                                      std::numeric_limits<float>::quiet_NaN()};
  for (size_t i = 0; i < special.size(); ++i) values.at(1, static_cast<int64_t>(i)) = special[i];
  for (const int64_t columns : {1, 7, 16, 33, 101}) {
    std::vector<uint16_t> rounded(static_cast<size_t>(rows * columns));
    round_to_bf16(values.data(), stride, rows, columns, rounded.data());
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t column = 0; column < columns; ++column) {
        EXPECT_EQ(rounded[static_cast<size_t>(row * columns + column)],
                  to_bfloat16(values.at(row, column)).bits)
            << columns << " columns, at " << row << ", " << column;
      }
    }
  }
}

double rounded(float value) {
  return to_float(to_bfloat16(value));
}

// What float32 sums of the same rounded operands, one after the other, are off by; and what a kernel is.
struct Errors {
  double plain = 0, kernel = 0;
  void add(double exact, float plain_value, float kernel_value) {
    // Half a unit in the last place is nobody's fault.
    const double last_place = std::abs(exact) * std::numeric_limits<float>::epsilon();
    plain = std::max({plain, std::abs(exact - plain_value), last_place});
    kernel = std::max(kernel, std::abs(exact - kernel_value));
  }
};

class RoundedProduct : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!multiplies_bf16()) GTEST_SKIP() << "this CPU has neither AVX512-BF16 nor AMX";
  }
};

struct Sizes {
  int64_t rows, in, out, gap;
};

// `right(i, k)` times `left(k, j)` over depth, each rounded, added to `start`.
template <class Left, class Right>
void expect_sum(const Left& left, const Right& right, int64_t depth, float start, float found,
                Errors& errors) {
  double exact = start;
  float plain = start;
  for (int64_t k = 0; k < depth; ++k) {
    exact += rounded(left(k)) * rounded(right(k));
    plain += static_cast<float>(rounded(left(k)) * rounded(right(k)));
  }
  errors.add(exact, plain, found);
}

// Of every element of a small result, of some of a large one.
template <class Body>
void for_each_place(int64_t rows, int64_t columns, const Body& body) {
  const int64_t step = std::max<int64_t>(1, rows * columns / 500);
  for (int64_t place = 0; place < rows * columns; place += step) body(place / columns, place % columns);
  body(rows - 1, columns - 1);
}

void check(const Sizes& sizes, GradientMode mode) {
  const auto [rows, in, out, gap] = sizes;
  Buffer<float> input(rows, in, in + gap), weight(out, in, in + gap), bias(1, out);
  Buffer<float> output(rows, out, out + gap), input_gradient(rows, in, in + gap),
      weight_gradient(out, in, in + gap);
  fill(input, 1), fill(weight, 2), fill(bias, 3), fill(input_gradient, 5), fill(weight_gradient, 6);
  const Buffer<float> input_start = input_gradient, weight_start = weight_gradient;
  constexpr auto bf16 = OperandRounding::bf16;
  const bool add = mode == GradientMode::accumulate;
  Cpu cpu;
  linear_forward(cpu, {input.tensor(), weight.tensor(), bias.tensor(), output.tensor(), bf16});
  Errors forward, to_input, to_weight;
  for_each_place(rows, out, [&](int64_t i, int64_t j) {
    expect_sum([&](int64_t k) { return input.at(i, k); }, [&](int64_t k) { return weight.at(j, k); }, in,
               bias[j], output.at(i, j), forward);
  });
  const Buffer<float>& gradient = output;
  linear_input_gradient(cpu, {output.tensor(), weight.tensor(), input_gradient.tensor(), mode, bf16});
  for_each_place(rows, in, [&](int64_t i, int64_t j) {
    expect_sum([&](int64_t k) { return gradient.at(i, k); }, [&](int64_t k) { return weight.at(k, j); }, out,
               add ? input_start.at(i, j) : 0, input_gradient.at(i, j), to_input);
  });
  linear_weight_gradient(cpu, {output.tensor(), input.tensor(), weight_gradient.tensor(), mode, bf16});
  for_each_place(out, in, [&](int64_t i, int64_t j) {
    expect_sum([&](int64_t k) { return gradient.at(k, i); }, [&](int64_t k) { return input.at(k, j); }, rows,
               add ? weight_start.at(i, j) : 0, weight_gradient.at(i, j), to_weight);
  });
  EXPECT_LE(forward.kernel, 2 * forward.plain) << "forward";
  EXPECT_LE(to_input.kernel, 2 * to_input.plain) << "input gradient";
  EXPECT_LE(to_weight.kernel, 2 * to_weight.plain) << "weight gradient";
}

TEST_F(RoundedProduct, SumsProductsOfRoundedOperands) {
  // The larger ones cross the edges of the pieces that are rounded at a time.
  for (const Sizes& sizes :
       {Sizes{1, 1, 1, 0}, Sizes{3, 5, 2, 3}, Sizes{40, 33, 17, 7}, Sizes{70, 130, 96, 16},
        Sizes{600, 300, 1100, 0}, Sizes{2100, 40, 530, 5}, Sizes{35, 2100, 60, 0}}) {
    SCOPED_TRACE(::testing::Message()
                 << sizes.rows << " rows, " << sizes.in << " in, " << sizes.out << " out");
    for (const int threads : {1, 3}) {
      const ThreadCount scope(threads);
      check(sizes, GradientMode::overwrite);
      check(sizes, GradientMode::accumulate);
    }
  }
}

TEST_F(RoundedProduct, TheSameThreadsGiveTheSameBits) {
  Buffer<float> input(130, 200), weight(90, 200), first(130, 90), again(130, 90);
  fill(input, 1), fill(weight, 2);
  Cpu cpu;
  for (const int threads : {1, 2, 3}) {
    const ThreadCount scope(threads);
    linear_forward(cpu, {input.tensor(), weight.tensor(), {}, first.tensor(), OperandRounding::bf16});
    linear_forward(cpu, {input.tensor(), weight.tensor(), {}, again.tensor(), OperandRounding::bf16});
    EXPECT_EQ(first.values(), again.values());
  }
}

// What is not finite must not be lost: training looks for it.
TEST_F(RoundedProduct, KeepsWhatIsNotFinite) {
  Buffer<float> input(4, 64), weight(8, 64), output(4, 8);
  fill(input, 1), fill(weight, 2);
  input.at(2, 5) = std::numeric_limits<float>::quiet_NaN();
  input.at(3, 7) = std::numeric_limits<float>::max();  // rounds to infinity
  Cpu cpu;
  linear_forward(cpu, {input.tensor(), weight.tensor(), {}, output.tensor(), OperandRounding::bf16});
  EXPECT_TRUE(std::isfinite(output.at(1, 0)));
  EXPECT_TRUE(std::isnan(output.at(2, 0)));
  EXPECT_TRUE(std::isinf(output.at(3, 0)));
}

}  // namespace
}  // namespace cloze::testing
