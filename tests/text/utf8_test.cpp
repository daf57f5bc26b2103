#include "engine/text/utf8.h"

#include <gtest/gtest.h>

namespace cloze {
namespace {

std::string encoded(char32_t c) {
  std::string text;
  append_utf8(text, c);
  return text;
}

TEST(Utf8, EveryCodePointSurvivesARoundTrip) {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::string text = encoded(c);
    const CodePoint forward = decode_utf8(text, 0), backward = decode_utf8_before(text, text.size());
    ASSERT_EQ(forward.value, c);
    ASSERT_EQ(forward.size, text.size());
    ASSERT_EQ(backward.value, c);
    ASSERT_EQ(invalid_utf8_bytes(text), 0u);
    ASSERT_EQ(code_point_count(text), 1u);
  }
}

TEST(Utf8, RefusesWhatTheStandardRefuses) {
  for (const char* bad : {"\x80", "\xBF", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
                          "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE",
                          "\xFF", "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xE2(\xA1"}) {
    EXPECT_EQ(decode_utf8(bad, 0).size, 0u) << testing::PrintToString(bad);
  }
}

// Python: len(b) - len(b.decode("utf-8", "ignore").encode()) for the same bytes.
TEST(Utf8, CountsTheBytesPythonIgnores) {
  EXPECT_EQ(invalid_utf8_bytes("plain text, more than eight bytes"), 0u);
  EXPECT_EQ(invalid_utf8_bytes("caf\xC3\xA9 and \xE2\x82\xAC"), 0u);
  EXPECT_EQ(invalid_utf8_bytes("\xE2(\xA1"), 2u);
  EXPECT_EQ(invalid_utf8_bytes("ab\xED\xA0\x80"
                               "cd"),
            3u);
  EXPECT_EQ(invalid_utf8_bytes("\xF0\x90(x\xC3"), 3u);
}

TEST(Utf8, DecodesBackwardsOnlyWholeSequences) {
  const std::string text = "a\xC3\xA9\x80";  // a, é, a stray continuation
  EXPECT_EQ(decode_utf8_before(text, 4).size, 0u);
  EXPECT_EQ(decode_utf8_before(text, 3).value, 0xE9u);
  EXPECT_EQ(decode_utf8_before(text, 2).size, 0u);
  EXPECT_EQ(decode_utf8_before(text, 1).value, U'a');
}

}  // namespace
}  // namespace cloze
