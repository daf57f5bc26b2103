#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/data/examples/test_examples.h"

namespace cloze {
namespace {

using testing::blocks_of;
using ::testing::ElementsAre;
using testing::rows_of;

std::vector<TableRow> read(std::string_view text, size_t block_bytes = 1 << 16) {
  return rows_of(*read_tsv(blocks_of(text, block_bytes), "data.tsv"));
}

TEST(TsvReader, QuotesAreOrdinaryCharacters) {
  const auto rows = read("a\t\"b\nc\td\"\te\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_THAT(rows[0].cells, ElementsAre("a", "\"b"));
  EXPECT_THAT(rows[1].cells, ElementsAre("c", "d\"", "e"));
}

TEST(TsvReader, DropsMarkAndCarriageReturnsAndSkipsEmptyLines) {
  const auto rows = read("\xEF\xBB\xBFone\t1\r\n\r\n\ntwo\t\r\nthree\t3");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_THAT(rows[0].cells, ElementsAre("one", "1"));
  EXPECT_THAT(rows[1].cells, ElementsAre("two", ""));
  EXPECT_THAT(rows[2].cells, ElementsAre("three", "3"));
  EXPECT_EQ(rows[0].line, 1);
  EXPECT_EQ(rows[1].line, 4);
  EXPECT_EQ(rows[2].line, 5);
}

TEST(TsvReader, BlocksChangeNothing) {
  const std::string text = "a\tb\tc\r\n\t\t\nlong text with spaces\t\"\"\t\xC3\xA9\n";
  const auto whole = read(text);
  for (size_t bytes = 1; bytes < text.size(); ++bytes) {
    const auto rows = read(text, bytes);
    ASSERT_EQ(rows.size(), whole.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i].cells, whole[i].cells);
      EXPECT_EQ(rows[i].line, whole[i].line);
    }
  }
}

TEST(TsvReader, RefusesALineOfOver64MiB) {
  const std::string text(size_t{65} << 20, 'x');
  EXPECT_THAT(testing::message_of([&] { read("a\tb\n" + text); }), ::testing::HasSubstr("data.tsv:2"));
}

}  // namespace
}  // namespace cloze
