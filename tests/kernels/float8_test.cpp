#include "kernels/common/float8.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "kernels/common/philox.h"

namespace cloze::testing {
namespace {

template <typename Float8>
class Float8Test : public ::testing::Test {
 protected:
  // Every finite number that is not negative, with its bits.
  static std::map<float, uint8_t> numbers() {
    std::map<float, uint8_t> all;
    for (int bits = 0; bits <= Float8Format<Float8>::largest_bits; ++bits) {
      const auto byte = static_cast<uint8_t>(bits);
      all[to_float(Float8{byte})] = byte;
    }
    return all;
  }
  // The nearest of them; of two, the one with even bits.
  static uint8_t nearest(const std::map<float, uint8_t>& all, float value) {
    const auto above = all.lower_bound(value);
    if (above == all.end()) return all.rbegin()->second;
    if (above == all.begin()) return above->second;
    const auto below = std::prev(above);
    const double up = double{above->first} - value, down = double{value} - below->first;
    if (up == down) return above->second % 2 == 0 ? above->second : below->second;
    return up < down ? above->second : below->second;
  }
};
using Formats = ::testing::Types<Float8E4M3, Float8E5M2>;
TYPED_TEST_SUITE(Float8Test, Formats);

TYPED_TEST(Float8Test, HoldsWhatItsTableSays) {
  const auto all = TestFixture::numbers();
  EXPECT_EQ(all.size(), Float8Format<TypeParam>::largest_bits + 1u) << "two bytes are one number";
  EXPECT_EQ(all.rbegin()->first, Float8Format<TypeParam>::largest);
  const bool e4m3 = std::is_same_v<TypeParam, Float8E4M3>;
  EXPECT_EQ(std::next(all.begin())->first, std::ldexp(1.0f, e4m3 ? -9 : -16)) << "the smallest";
}

TYPED_TEST(Float8Test, EveryNumberStaysItself) {
  for (int bits = 0; bits < 256; ++bits) {
    const float value = to_float(TypeParam{static_cast<uint8_t>(bits)});
    if (!std::isfinite(value)) continue;
    EXPECT_EQ(to_float8<TypeParam>(value).bits, bits) << value;
  }
}

TYPED_TEST(Float8Test, RoundsToTheNearest) {
  const auto all = TestFixture::numbers();
  const auto check = [&](float value) {
    const uint8_t expected = TestFixture::nearest(all, value);
    ASSERT_EQ(to_float8<TypeParam>(value).bits, expected) << value;
    ASSERT_EQ(to_float8<TypeParam>(-value).bits, expected | 0x80) << -value;
  };
  for (auto next = std::next(all.begin()); next != all.end(); ++next) {
    const float low = std::prev(next)->first, middle = low + (next->first - low) / 2;
    check(middle);
    check(std::nextafter(middle, low));
    check(std::nextafter(middle, next->first));
  }
  for (uint32_t i = 0; i < 20000; ++i) {
    const PhiloxBits random = philox({i, 0, 0, 0}, {1, 2});
    check(std::ldexp(1 + unit_float(random.word0), static_cast<int>(random.word1 % 48) - 26));
  }
}

TYPED_TEST(Float8Test, KeepsWithinItsRangeAndHidesNothing) {
  constexpr float largest = Float8Format<TypeParam>::largest;
  for (const float value : {largest, largest * 1.2f, largest * 64, std::numeric_limits<float>::max()}) {
    EXPECT_EQ(to_float(to_float8<TypeParam>(value)), largest);
    EXPECT_EQ(to_float(to_float8<TypeParam>(-value)), -largest);
  }
  for (const float value : {std::numeric_limits<float>::infinity(), std::nanf("")})
    EXPECT_TRUE(std::isnan(to_float(to_float8<TypeParam>(value)))) << value;
  EXPECT_EQ(to_float8<TypeParam>(0).bits, 0);
  EXPECT_EQ(to_float8<TypeParam>(std::numeric_limits<float>::denorm_min()).bits, 0);
}

}  // namespace
}  // namespace cloze::testing
