#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/kernels/simd_math_test.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/common/simd_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace cloze {
namespace HWY_NAMESPACE {

// count: a multiple of 16
template <class Function>
void map(const float* input, float* output, int64_t count, Function function) {
  const hn::ScalableTag<float> d;
  for (int64_t i = 0; i < count; i += static_cast<int64_t>(hn::Lanes(d)))
    hn::StoreU(function(d, hn::LoadU(d, input + i)), d, output + i);
}
void map_exp(const float* x, float* y, int64_t n) {
  map(x, y, n, [](auto d, auto v) HWY_ATTR { return vector_exp(d, v); });
}
void map_log(const float* x, float* y, int64_t n) {
  map(x, y, n, [](auto d, auto v) HWY_ATTR { return vector_log(d, v); });
}
void map_tanh(const float* x, float* y, int64_t n) {
  map(x, y, n, [](auto d, auto v) HWY_ATTR { return vector_tanh(d, v); });
}
void map_erf(const float* x, float* y, int64_t n) {
  map(x, y, n, [](auto d, auto v) HWY_ATTR { return vector_erf(d, v); });
}

}  // namespace HWY_NAMESPACE
}  // namespace cloze
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <bit>

#include "tests/kernels/kernel_test.h"

namespace cloze {
HWY_EXPORT(map_exp);
HWY_EXPORT(map_log);
HWY_EXPORT(map_tanh);
HWY_EXPORT(map_erf);

namespace testing {
namespace {

using Map = std::function<void(const float*, float*, int64_t)>;

// The distance of two values in units of the last place of the exact one (of the smallest normal at least).
double ulps(float actual, double exact) {
  const double unit = std::ldexp(1.0, std::max(std::ilogb(exact), -126) - 23);
  return std::abs(actual - exact) / unit;
}

// The largest error over floats of [low, high], every `step`-th bit pattern of either sign.
double worst(const Map& map, double (*exact)(double), float low, float high, uint32_t step = 499) {
  std::vector<float> inputs;
  for (const uint32_t sign : {0u, 0x80000000u})
    for (uint32_t bits = 0; bits < 0x7F800000u; bits += step) {
      const float value = std::bit_cast<float>(bits | sign);
      if (value >= low && value <= high) inputs.push_back(value);
    }
  inputs.resize(inputs.size() / 16 * 16);
  std::vector<float> outputs(inputs.size());
  map(inputs.data(), outputs.data(), static_cast<int64_t>(inputs.size()));
  double result = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const double error = ulps(outputs[i], exact(inputs[i]));
    if (std::isnan(error)) return error;
    result = std::max(result, error);
  }
  return result;
}

float one(const Map& map, float value) {
  const std::vector<float> inputs(16, value);
  std::vector<float> outputs(16);
  map(inputs.data(), outputs.data(), 16);
  return outputs[3];
}

constexpr float infinity = std::numeric_limits<float>::infinity();

TEST(SimdMath, Exp) {
  for_each_simd_target([] {
    const Map map = [](const float* x, float* y, int64_t n) { HWY_DYNAMIC_DISPATCH(map_exp)(x, y, n); };
    EXPECT_LE(worst(map, std::exp, -86.98f, 88.7228f), 2);
    EXPECT_EQ(one(map, 0), 1);
    for (const float edge : {-86.98f, -86.979f, 88.3762f, 88.3763f, 88.7228f})
      EXPECT_LE(ulps(one(map, edge), std::exp(double{edge})), 2) << edge;
    EXPECT_EQ(one(map, -86.9801f), 0);
    EXPECT_EQ(one(map, -100), 0);
    EXPECT_EQ(one(map, -infinity), 0);
    EXPECT_EQ(one(map, 89), infinity);
    EXPECT_EQ(one(map, infinity), infinity);
    EXPECT_TRUE(std::isnan(one(map, std::nanf(""))));
  });
}

TEST(SimdMath, Log) {
  for_each_simd_target([] {
    const Map map = [](const float* x, float* y, int64_t n) { HWY_DYNAMIC_DISPATCH(map_log)(x, y, n); };
    EXPECT_LE(worst(map, std::log, std::numeric_limits<float>::min(), std::numeric_limits<float>::max()), 2);
    EXPECT_EQ(one(map, 1), 0);
    EXPECT_EQ(one(map, 0), -infinity);
    EXPECT_EQ(one(map, infinity), infinity);
    EXPECT_TRUE(std::isnan(one(map, -1)));
    EXPECT_TRUE(std::isnan(one(map, std::nanf(""))));
  });
}

TEST(SimdMath, Tanh) {
  for_each_simd_target([] {
    const Map map = [](const float* x, float* y, int64_t n) { HWY_DYNAMIC_DISPATCH(map_tanh)(x, y, n); };
    EXPECT_LE(worst(map, std::tanh, -infinity, infinity), 2);
    EXPECT_EQ(one(map, infinity), 1);
    EXPECT_EQ(one(map, -infinity), -1);
    EXPECT_TRUE(std::isnan(one(map, std::nanf(""))));
  });
}

TEST(SimdMath, Erf) {
  for_each_simd_target([] {
    const Map map = [](const float* x, float* y, int64_t n) { HWY_DYNAMIC_DISPATCH(map_erf)(x, y, n); };
    EXPECT_LE(worst(map, std::erf, -infinity, infinity), 2);
    EXPECT_EQ(one(map, infinity), 1);
    EXPECT_EQ(one(map, -5), -1);
    EXPECT_TRUE(std::isnan(one(map, std::nanf(""))));
  });
}

}  // namespace
}  // namespace testing
}  // namespace cloze
#endif
