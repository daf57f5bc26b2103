#include "engine/config/quantity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace cloze {
namespace {

std::optional<Integer> integer(std::string_view text) {
  std::string why;
  return parse_integer(text, why);
}

std::string integer_fault(std::string_view text) {
  std::string why;
  EXPECT_FALSE(parse_integer(text, why)) << text;
  return why;
}

std::optional<double> number(std::string_view text, NumberForm form = {}) {
  std::string why;
  return parse_number(text, form, why);
}

TEST(Quantity, IntegersAsPeopleWriteThem) {
  EXPECT_EQ(integer("0"), Integer(0));
  EXPECT_EQ(integer("-0"), Integer(0));
  EXPECT_EQ(integer("-12"), Integer(-12));
  EXPECT_EQ(integer("+7"), Integer(7));
  EXPECT_EQ(integer("1_000_000"), Integer(1000000));
  EXPECT_EQ(integer("128k"), Integer(128000));
  EXPECT_EQ(integer("128K"), Integer(128000));
  EXPECT_EQ(integer("64Ki"), Integer(65536));
  EXPECT_EQ(integer("1.5Ki"), Integer(1536));
  EXPECT_EQ(integer("1.5M"), Integer(1500000));
  EXPECT_EQ(integer("2G"), Integer(int64_t{2000000000}));
  EXPECT_EQ(integer("3Ti"), Integer(int64_t{3} << 40));
  EXPECT_EQ(integer("1e6"), Integer(1000000));
  EXPECT_EQ(integer("1.50e1"), Integer(15));
  EXPECT_EQ(integer("10.0"), Integer(10));
  EXPECT_EQ(integer("0e99999999999"), Integer(0));
  EXPECT_EQ(integer("010"), Integer(10));  // not octal, as YAML 1.1 would have it
}

TEST(Quantity, LimitsOfIntegers) {
  EXPECT_EQ(integer("18446744073709551615"), Integer(std::numeric_limits<uint64_t>::max()));
  EXPECT_EQ(integer("-9223372036854775808"), Integer(std::numeric_limits<int64_t>::min()));
  for (const char* text :
       {"18446744073709551616", "-9223372036854775809", "1e20", "99999999Ti", "1e999999999999"}) {
    EXPECT_EQ(integer_fault(text), "is out of the range of 64-bit integers") << text;
  }
}

TEST(Quantity, WhatIsNoInteger) {
  EXPECT_EQ(integer_fault("1.5"), "is not a whole number");
  EXPECT_EQ(integer_fault("1e-3"), "is not a whole number");
  EXPECT_EQ(integer_fault("0.1k5"), integer_fault("abc"));
  EXPECT_EQ(integer_fault("10%"), "is a percentage, which is not taken here");
  for (const char* text :
       {"",      "-",     "+",   ".",   "e5",    "1e", "1e+", "_1",   "1_",  "1__0", "0x10",
        "1 000", "1,000", "12m", "--1", "1.2.3", "k",  "1kk", ".inf", "nan", " 1"}) {
    EXPECT_EQ(integer_fault(text).substr(0, 15), "is not a number") << text;
  }
}

TEST(Quantity, Numbers) {
  EXPECT_EQ(number("2e-5"), 2e-5);
  EXPECT_EQ(number("-.5"), -0.5);
  EXPECT_EQ(number("5."), 5.0);
  EXPECT_EQ(number("1.5k"), 1500.0);
  EXPECT_EQ(number("0.1M"), 1e5);  // exact, not 0.1 * 1e6
  EXPECT_EQ(number("0.5Ki"), 512.0);
  EXPECT_EQ(number("1_000.25"), 1000.25);
  EXPECT_EQ(number("0e99999"), 0.0);
  EXPECT_EQ(number("10%", {.percent = true}), 0.1);
  EXPECT_EQ(number("12.5%", {.percent = true}), 0.125);
  EXPECT_FALSE(number("10%"));
  EXPECT_FALSE(number("1e400"));
  EXPECT_FALSE(number("1e300Ti0"));
  EXPECT_FALSE(number("inf"));
  EXPECT_FALSE(number("nan"));
}

TEST(Quantity, SinglePrecisionRoundsOnce) {
  EXPECT_EQ(number("0.1", {.single_precision = true}), static_cast<double>(0.1f));
  EXPECT_FALSE(number("1e39", {.single_precision = true}));
  EXPECT_EQ(number_text(static_cast<double>(0.1f), true), "0.1");
}

TEST(Quantity, ShortestTextReadsBackExactly) {
  for (const double value :
       {0.1, 1.0 / 3, 1e-320, 5e-324, 1.7976931348623157e308, -2e-5, 123456789.125, 1e15, 1e16, 1e22}) {
    EXPECT_EQ(number(number_text(value, false)), value) << value;
  }
}

TEST(Quantity, TextIsANumberToOtherYamlReadersToo) {
  EXPECT_EQ(number_text(1e-6, false), "1.0e-06");
  EXPECT_EQ(number_text(1.5e-6, false), "1.5e-06");
  EXPECT_EQ(number_text(2, false), "2");
}

TEST(Integer, ComparesAcrossSigns) {
  EXPECT_LT(Integer(-5), Integer(-4));
  EXPECT_LT(Integer(-1), Integer(0));
  EXPECT_LT(Integer(std::numeric_limits<int64_t>::max()), Integer(std::numeric_limits<uint64_t>::max()));
  EXPECT_EQ(Integer(std::numeric_limits<int64_t>::min()).to<int64_t>(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(Integer(-3).text(), "-3");
}

}  // namespace
}  // namespace cloze
