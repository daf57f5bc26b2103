#include "engine/checkpoint/element_type.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace cloze {
namespace {

template <typename Bits>
float converted(ElementType type, Bits bits) {
  float value = 0;
  convert_to_float(type, std::as_bytes(std::span(&bits, 1)), std::span(&value, 1));
  return value;
}

TEST(ElementType, KnowsItsOwnNames) {
  for (const std::string_view name : {"F64", "F32", "F16", "BF16", "F8_E5M2", "F8_E4M3", "I64", "I32", "I16",
                                      "I8", "U64", "U32", "U16", "U8", "BOOL"}) {
    const auto type = element_type_named(name);
    ASSERT_TRUE(type.has_value()) << name;
    EXPECT_EQ(name_of(*type), name);
  }
  EXPECT_FALSE(element_type_named("F4").has_value());
  EXPECT_FALSE(element_type_named("f32").has_value());
}

TEST(ElementType, HalfPrecision) {
  EXPECT_EQ(converted(ElementType::f16, uint16_t{0x3c00}), 1.0f);
  EXPECT_EQ(converted(ElementType::f16, uint16_t{0xc000}), -2.0f);
  EXPECT_EQ(converted(ElementType::f16, uint16_t{0x7bff}), 65504.0f);
  EXPECT_EQ(converted(ElementType::f16, uint16_t{0x0001}), std::ldexp(1.0f, -24));
  EXPECT_EQ(converted(ElementType::f16, uint16_t{0x03ff}), std::ldexp(1023.0f, -24));
  EXPECT_EQ(converted(ElementType::f16, uint16_t{0x0400}), std::ldexp(1.0f, -14));
  EXPECT_EQ(converted(ElementType::f16, uint16_t{0xfc00}), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(converted(ElementType::f16, uint16_t{0x7c01})));
  EXPECT_TRUE(std::signbit(converted(ElementType::f16, uint16_t{0x8000})));
}

TEST(ElementType, BrainFloat) {
  EXPECT_EQ(converted(ElementType::bf16, uint16_t{0x3f80}), 1.0f);
  EXPECT_EQ(converted(ElementType::bf16, uint16_t{0xc040}), -3.0f);
  EXPECT_EQ(converted(ElementType::bf16, uint16_t{0x7f80}), std::numeric_limits<float>::infinity());
}

TEST(ElementType, EightBitFloats) {
  EXPECT_EQ(converted(ElementType::f8_e4m3, uint8_t{0x7e}), 448.0f);
  EXPECT_EQ(converted(ElementType::f8_e4m3, uint8_t{0x01}), std::ldexp(1.0f, -9));
  EXPECT_TRUE(std::isnan(converted(ElementType::f8_e4m3, uint8_t{0xff})));
  EXPECT_EQ(converted(ElementType::f8_e5m2, uint8_t{0x7b}), 57344.0f);
  EXPECT_EQ(converted(ElementType::f8_e5m2, uint8_t{0x7c}), std::numeric_limits<float>::infinity());
  EXPECT_EQ(converted(ElementType::f8_e5m2, uint8_t{0x01}), std::ldexp(1.0f, -16));
}

TEST(ElementType, WholeNumbersAndDoubles) {
  EXPECT_EQ(converted(ElementType::i8, int8_t{-100}), -100.0f);
  EXPECT_EQ(converted(ElementType::u8, uint8_t{200}), 200.0f);
  EXPECT_EQ(converted(ElementType::i64, int64_t{-1} << 40), -std::ldexp(1.0f, 40));
  EXPECT_EQ(converted(ElementType::u64, ~uint64_t{0}), std::ldexp(1.0f, 64));
  EXPECT_EQ(converted(ElementType::f64, 0.1), 0.1f);
  EXPECT_EQ(converted(ElementType::boolean, uint8_t{1}), 1.0f);
}

TEST(ElementType, ReadsUnalignedBytes) {
  std::vector<std::byte> bytes(9);
  const double value = 3.25;
  std::memcpy(bytes.data() + 1, &value, sizeof(value));
  float result = 0;
  convert_to_float(ElementType::f64, std::span(bytes).subspan(1), std::span(&result, 1));
  EXPECT_EQ(result, 3.25f);
}

}  // namespace
}  // namespace cloze
