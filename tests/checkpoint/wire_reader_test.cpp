#include "engine/checkpoint/wire_reader.h"

#include <gmock/gmock.h>

#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

using testing::error_of;
using ::testing::HasSubstr;

const std::string origin = "message";

// Examples of the encoding guide: 150 in field 1, "testing" in field 2.
TEST(WireReader, TheGuidesExamples) {
  WireReader field("\x08\x96\x01\x12\x07testing", origin);
  ASSERT_TRUE(field.next());
  EXPECT_EQ(field.number(), 1u);
  EXPECT_EQ(field.integer(), 150u);
  ASSERT_TRUE(field.next());
  EXPECT_EQ(field.number(), 2u);
  EXPECT_EQ(field.bytes(), "testing");
  EXPECT_FALSE(field.next());
}

TEST(WireReader, FixedNumbersAndLargeOnes) {
  const std::string message = std::string("\x35\x78\x56\x34\x12", 5) +          // field 6, fixed32
                              std::string("\x39\x01\0\0\0\0\0\0\0", 9) +        // field 7, fixed64
                              "\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" +  // field 4: -1
                              "\xf8\xff\xff\xff\x0f\x05";                       // the largest field number
  WireReader field(message, origin);
  ASSERT_TRUE(field.next());
  EXPECT_EQ(field.fixed32(), 0x12345678u);
  ASSERT_TRUE(field.next());
  EXPECT_EQ(field.number(), 7u);
  ASSERT_TRUE(field.next());
  EXPECT_EQ(static_cast<int64_t>(field.integer()), -1);
  ASSERT_TRUE(field.next());
  EXPECT_EQ(field.number(), (1u << 29) - 1);
  EXPECT_FALSE(field.next());
}

TEST(WireReader, NonsenseIsRefused) {
  const std::pair<std::string, const char*> cases[] = {
      {"\x08", "cut short"},
      {"\x08\x96", "cut short"},
      {"\x12\x07test", "ends beyond its message"},
      {"\x35\x01\x02", "cut short"},
      {std::string("\0\x01", 2), "impossible number"},
      {"\xf8\xff\xff\xff\x1f\x05", "impossible number"},
      {"\x0b", "unknown wire type"},  // a group
      {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "more than 64 bits"}};
  for (const auto& [message, why] : cases) {
    WireReader field(message, origin);
    EXPECT_THAT(error_of([&] { field.next(); }), HasSubstr(why));
  }
}

TEST(WireReader, AFieldOfAnotherTypeIsRefused) {
  WireReader field("\x08\x01", origin);
  ASSERT_TRUE(field.next());
  EXPECT_THAT(error_of([&] { field.bytes(); }), HasSubstr("another type"));
  EXPECT_THAT(error_of([&] { field.fixed32(); }), HasSubstr("another type"));
}

}  // namespace
}  // namespace cloze
