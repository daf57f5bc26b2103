// Numbers as Python prints and rounds them, against values made by CPython and numpy.
#include "engine/tasks/outputs/python_number.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "engine/base/json.h"

namespace cloze {
namespace {

using nlohmann::json;

const json& golden() {
  static const json file = read_json(CLOZE_SOURCE_DIR "/tests/golden/outputs/numbers.json");
  return file;
}

template <typename Bits>
Bits bits_of(const json& hexadecimal) {
  const auto& text = hexadecimal.get_ref<const std::string&>();
  Bits bits = 0;
  std::from_chars(text.data(), text.data() + text.size(), bits, 16);
  return bits;
}

TEST(PythonNumber, PrintsFloatsAsReprDoes) {
  ASSERT_GT(golden()["repr"].size(), 700u);
  for (const json& row : golden()["repr"]) {
    EXPECT_EQ(python_repr(std::bit_cast<double>(bits_of<uint64_t>(row[0]))), row[1].get<std::string>());
  }
}

TEST(PythonNumber, PrintsSingleFloatsAsNumpyDoes) {
  ASSERT_GT(golden()["str"].size(), 500u);
  for (const json& row : golden()["str"]) {
    EXPECT_EQ(python_str(std::bit_cast<float>(bits_of<uint32_t>(row[0]))), row[1].get<std::string>());
  }
}

TEST(PythonNumber, RoundsTheExactValueTiesToEven) {
  ASSERT_GT(golden()["round"].size(), 300u);
  for (const json& row : golden()["round"]) {
    const auto value = std::bit_cast<double>(bits_of<uint64_t>(row[0]));
    EXPECT_EQ(std::bit_cast<uint64_t>(python_round(value, 6)), bits_of<uint64_t>(row[1])) << value;
  }
  EXPECT_EQ(python_round(0.0078125, 6), 0.007812);
  EXPECT_TRUE(std::signbit(python_round(-1e-9, 6)));
  EXPECT_TRUE(std::isnan(python_round(NAN, 6)));
  EXPECT_EQ(python_round(-INFINITY, 6), -INFINITY);
}

TEST(PythonNumber, SinglesNeedFewerDigits) {
  EXPECT_EQ(python_str(0.1f), "0.1");
  EXPECT_EQ(python_repr(static_cast<double>(0.1f)), "0.10000000149011612");
}

}  // namespace
}  // namespace cloze
