#include "engine/data/line_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloze {
namespace {

using ::testing::ElementsAre;

// Feeds `text` in blocks of `block` bytes.
LineReader reader_of(const std::string& text, size_t block, size_t longest) {
  return {[text, block, at = size_t{0}]() mutable {
            static std::string current;
            current = text.substr(std::min(at, text.size()), block);
            at += block;
            return std::string_view(current);
          },
          longest};
}

std::vector<std::string> lines_of(const std::string& text, size_t block = 5, size_t longest = 1000) {
  std::vector<std::string> lines;
  LineReader reader = reader_of(text, block, longest);
  for (TextLine line; reader.next(line);) lines.push_back(std::string(line.text) + (line.cut ? "…" : ""));
  return lines;
}

TEST(LineReader, Lines) {
  for (size_t block = 1; block < 12; ++block) {
    EXPECT_THAT(lines_of("one\n\ntwo three\nfour", block), ElementsAre("one", "", "two three", "four"));
    EXPECT_THAT(lines_of("one\r\ntwo\r\n\r\n", block), ElementsAre("one", "two", ""));
    EXPECT_THAT(lines_of("a\rb\n\r", block), ElementsAre("a\rb", ""));
    EXPECT_THAT(lines_of("\xEF\xBB\xBFmarked\n\xEF\xBB\xBFnot", block),
                ElementsAre("marked", "\xEF\xBB\xBFnot"));
    EXPECT_THAT(lines_of("\n", block), ElementsAre(""));
    EXPECT_THAT(lines_of("", block), ElementsAre());
    EXPECT_THAT(lines_of("\xEF\xBB\xBF", block), ElementsAre());
    EXPECT_THAT(lines_of("\xEF\xBB", block), ElementsAre("\xEF\xBB"));
  }
}

TEST(LineReader, Numbers) {
  LineReader reader = reader_of("a\nlong long long\nb", 4, 8);
  std::vector<uint64_t> numbers;
  for (TextLine line; reader.next(line);) numbers.push_back(line.number);
  EXPECT_THAT(numbers, ElementsAre(1, 2, 2, 2, 3));
}

TEST(LineReader, CutsLongLines) {
  for (size_t block = 1; block < 40; block += 3) {
    EXPECT_THAT(lines_of("12345678\n123456789\n", block, 8), ElementsAre("12345678", "12345678…", "9"));
    EXPECT_THAT(lines_of("12345 7890", block, 8), ElementsAre("12345 …", "7890"));
    EXPECT_THAT(lines_of("1 345678901", block, 8), ElementsAre("1 345678…", "901"))
        << "the space is too early";
    EXPECT_THAT(lines_of("1234567é901", block, 8), ElementsAre("1234567…", "é901"));
    EXPECT_THAT(lines_of("12345\xF0\x9F\x98\x80\x39", block, 8),
                ElementsAre("12345…", "\xF0\x9F\x98\x80\x39"));
    EXPECT_THAT(lines_of(std::string(12, '\x80'), block, 8).size(), 2u) << "not UTF-8, but it ends";
  }
}

TEST(LineReader, NothingIsLostInCutting) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += i % 11 == 0 ? "é" : i % 17 == 0 ? " " : "x";
  for (const size_t block : {7u, 100u, 5000u}) {
    std::string joined;
    LineReader reader = reader_of(text, block, 64);
    for (TextLine line; reader.next(line);) {
      EXPECT_LE(line.text.size(), 64u);
      joined += line.text;
    }
    EXPECT_EQ(joined, text);
  }
}

TEST(LineReader, HeadTakesNothingAway) {
  const std::string text = "first\nsecond\n";
  LineReader reader = reader_of(text, 3, 100);
  EXPECT_EQ(reader.head(), text);
  TextLine line;
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(line.text, "first");
  LineReader large = reader_of(std::string(200000, 'x'), 1000, 1 << 20);
  EXPECT_EQ(large.head().size(), LineReader::head_bytes);
}

TEST(IsBlank, AsPythonsStrip) {
  for (const char* blank :
       {"", " \t", "\x0b\x0c", "\x1c\x1f", "\u0085", "\u00a0\u2003\u3000", "\xff", " \xc3"}) {
    EXPECT_TRUE(is_blank(blank)) << blank;
  }
  for (const char* text : {"x", " . ", "\u200b", "\ufeff", "\x01"}) EXPECT_FALSE(is_blank(text)) << text;
}

}  // namespace
}  // namespace cloze
