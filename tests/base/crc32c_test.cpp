#include "engine/base/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace cloze {
namespace {

// RFC 3720, appendix B.4.
TEST(Crc32c, ExamplesOfTheRfc) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  std::string ascending(32, '\0'), descending(32, '\0');
  for (size_t i = 0; i < ascending.size(); ++i) {
    ascending[i] = static_cast<char>(i);
    descending[31 - i] = static_cast<char>(i);
  }
  EXPECT_EQ(crc32c(ascending), 0x46dd794eu);
  EXPECT_EQ(crc32c(descending), 0x113fdb5cu);
}

TEST(Crc32c, LengthsAroundASlice) {
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("a"), 0xc1d04330u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
}

// The checksum of the length 24, as it stands at byte 8 of any TensorBoard event file.
TEST(Crc32c, Masked) {
  EXPECT_EQ(masked_crc32c(std::string("\x18\0\0\0\0\0\0\0", 8)), 0x224b7fa3u);
}

}  // namespace
}  // namespace cloze
