#include "engine/checkpoint/safetensors_header.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstring>
#include <random>

#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

using testing::error_of;
using ::testing::HasSubstr;

std::string file_with(const std::string& header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::string file(sizeof(length), '\0');
  std::memcpy(file.data(), &length, sizeof(length));
  return file + header + std::string(data_bytes, '\1');
}

SafetensorsHeader parse(const std::string& file) {
  return parse_safetensors_header(file, file.size(), "file");
}

std::string tensor(const std::string& type, const std::string& shape, const std::string& offsets) {
  return fmt::format(R"({{"dtype":"{}","shape":{},"data_offsets":{}}})", type, shape, offsets);
}

TEST(SafetensorsHeader, ReadsTensorsInTheOrderOfTheirBytes) {
  const auto header =
      parse(file_with("{\"z\":" + tensor("F32", "[2]", "[0,8]") + ",\"__metadata__\":{\"format\":\"pt\"}" +
                          ",\"a\":" + tensor("I8", "[3,1]", "[8,11]") + "}   ",
                      11));
  ASSERT_EQ(header.entries.size(), 2u);
  EXPECT_EQ(header.entries[0].name, "z");
  EXPECT_EQ(header.entries[1].name, "a");
  EXPECT_EQ(header.entries[1].shape, (std::vector<int64_t>{3, 1}));
  EXPECT_EQ(header.entries[1].type, ElementType::i8);
  EXPECT_EQ(header.metadata.at("format"), "pt");
}

TEST(SafetensorsHeader, AnEmptyFileOfNoTensorsIsValid) {
  EXPECT_TRUE(parse(file_with("{}", 0)).entries.empty());
}

TEST(SafetensorsHeader, TensorsWithoutElementsTakeNoBytes) {
  const auto header =
      parse(file_with("{\"b\":" + tensor("F32", "[0,4]", "[0,0]") + ",\"a\":" + tensor("F32", "[]", "[0,4]") +
                          ",\"c\":" + tensor("F32", "[0]", "[4,4]") + "}",
                      4));
  ASSERT_EQ(header.entries.size(), 3u);
  EXPECT_EQ(header.entries[0].name, "b");
  EXPECT_EQ(header.entries[2].name, "c");
}

TEST(SafetensorsHeader, EveryForbiddenThingHasItsOwnMessage) {
  struct Case {
    std::string header;
    size_t data_bytes;
    const char* message;
  };
  const std::string f32 = tensor("F32", "[1]", "[0,4]");
  const std::string large = "18446744073709551615";
  const Case cases[] = {
      {"", 0, "does not begin with"},
      {" {}", 0, "does not begin with"},
      {"[]", 0, "does not begin with"},
      {"{", 0, "not valid JSON"},
      {"{\"\xff\":1}", 0, "not valid JSON"},
      {"{} {}", 0, "not valid JSON"},
      {"{\"a\":" + f32 + ",\"a\":" + f32 + "}", 4, "\"a\" is given twice"},
      {"{\"a\":1}", 0, "lacks its dtype"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "lacks its dtype"},
      {"{\"a\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "a dtype that is no string"},
      {"{\"a\":" + tensor("Q7", "[1]", "[0,4]") + "}", 4, "unknown dtype `Q7`"},
      {"{\"a\":" + tensor("F32", "1", "[0,4]") + "}", 4, "has no shape"},
      {"{\"a\":" + tensor("F32", "[-1]", "[0,4]") + "}", 4, "no whole number"},
      {"{\"a\":" + tensor("F32", "[1.0]", "[0,4]") + "}", 4, "no whole number"},
      {"{\"a\":" + tensor("F32", "[" + large + "]", "[0,4]") + "}", 4, "too large"},
      {"{\"a\":" + tensor("F32", "[4611686018427387904]", "[0,0]") + "}", 0, "too large"},
      {"{\"a\":" + tensor("F32", "[4294967296,4294967296]", "[0,0]") + "}", 0, "too large"},
      {"{\"a\":" + tensor("F32", "[1]", "[0]") + "}", 4, "no pair"},
      {"{\"a\":" + tensor("F32", "[1]", "[4,0]") + "}", 4, "should take 4 bytes"},
      {"{\"a\":" + tensor("F32", "[2]", "[0,4]") + "}", 4, "should take 8 bytes"},
      {"{\"a\":" + tensor("F32", "[1]", "[4,8]") + "}", 8, "begins at byte 4 of the data, not at 0"},
      {"{\"a\":" + f32 + ",\"b\":" + f32 + "}", 4, "begins at byte 0 of the data, not at 4"},
      {"{\"a\":" + f32 + "}", 5, "describes 4 bytes of data, the file has 5"},
      {"{\"a\":" + f32 + "}", 3, "describes 4 bytes of data, the file has 3"},
      {"{\"__metadata__\":[]}", 0, "__metadata__ is not an object"},
      {"{\"__metadata__\":{\"a\":1}}", 0, "`a` is no string"},
      {"{\"a\":" + std::string(100000, '['), 0, "nested too deeply"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(error_of([&] { parse(file_with(c.header, c.data_bytes)); }), HasSubstr(c.message))
        << c.header.substr(0, 100);
  }
}

TEST(SafetensorsHeader, ALengthBeyondTheFileOrTheLimitIsRefusedUnread) {
  std::string file(8, '\xff');
  EXPECT_THAT(error_of([&] { parse(file); }), HasSubstr("the format allows 100000000"));
  file = std::string("\x10\0\0\0\0\0\0\0{}", 10);
  EXPECT_THAT(error_of([&] { parse(file); }), HasSubstr("header of 16 bytes ends beyond the file"));
  EXPECT_THAT(error_of([&] { parse("1234567"); }), HasSubstr("7 bytes: not even a header length"));
}

TEST(SafetensorsHeader, WhatIsFormattedReadsBackAndDataAreAligned) {
  SafetensorsHeader header;
  header.metadata = {{"format", "pt"}, {"quote\"", "ä\n"}};
  header.entries = {{"a/first_moment", ElementType::f32, {3, 2}, 0, 24},
                    {"b", ElementType::bf16, {}, 24, 26}};
  const std::string text = format_safetensors_header(header);
  EXPECT_EQ(text.size() % 8, 0u);
  const auto parsed = parse_safetensors_header(text, text.size() + 26, "file");
  EXPECT_EQ(parsed.metadata, header.metadata);
  ASSERT_EQ(parsed.entries.size(), 2u);
  EXPECT_EQ(parsed.entries[0].name, "a/first_moment");
  EXPECT_EQ(parsed.entries[0].shape, header.entries[0].shape);
  EXPECT_EQ(parsed.entries[1].type, ElementType::bf16);
  EXPECT_EQ(parsed.data_begin, text.size());
}

// Whatever a header says, an Error is thrown or every tensor lies within the file.
TEST(SafetensorsHeader, MutatedHeadersNeverLeadOutsideTheFile) {
  const std::string good =
      file_with("{\"a\":" + tensor("F32", "[2,3]", "[0,24]") + ",\"bc\":" + tensor("I64", "[2]", "[24,40]") +
                    ",\"__metadata__\":{\"format\":\"pt\"}}",
                40);
  std::mt19937 random(1);
  int accepted = 0, refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string file = good;
    for (int change = 0; change < 1 + round % 3; ++change) {
      file[random() % (good.size() - 40)] =
          static_cast<char>(round % 2 == 0 ? random() : "0123456789[]{},:\""[random() % 17]);
    }
    try {
      for (const SafetensorsEntry& entry : parse(file).entries) {
        ASSERT_LE(entry.begin, entry.end);
        ASSERT_LE(entry.end, file.size() - 8);
      }
      ++accepted;
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(accepted, 100);  // changes inside a name or the metadata
  EXPECT_GT(refused, 10000);
}

}  // namespace
}  // namespace cloze
