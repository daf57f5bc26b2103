#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/data/examples/test_examples.h"

namespace cloze {
namespace {

using ::testing::AllOf;
using testing::blocks_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::rows_of;

std::vector<TableRow> read(std::string_view text, CsvForm form = {}, size_t block_bytes = 1 << 16) {
  return rows_of(*read_csv(blocks_of(text, block_bytes), "data.csv", form));
}

TEST(CsvReader, QuotedCellsHoldDelimitersLineEndsAndDoubledQuotes) {
  const auto rows = read("\"1\",\"a, \"\"b\"\"\nc\r\nd\"\n2,e\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_THAT(rows[0].cells, ElementsAre("1", "a, \"b\"\nc\r\nd"));
  EXPECT_THAT(rows[1].cells, ElementsAre("2", "e"));
  EXPECT_EQ(rows[0].line, 1);
  EXPECT_EQ(rows[1].line, 4);
}

TEST(CsvReader, EmptyCellsAndLines) {
  const auto rows = read(",\n\n\"\",x,\r\n\r\n,");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_THAT(rows[0].cells, ElementsAre("", ""));
  EXPECT_THAT(rows[1].cells, ElementsAre("", "x", ""));
  EXPECT_THAT(rows[2].cells, ElementsAre("", ""));
  EXPECT_EQ(rows[2].line, 5);
}

TEST(CsvReader, AQuoteInsideAnUnquotedCellIsACharacter) {
  EXPECT_THAT(read("5\" disk,b")[0].cells, ElementsAre("5\" disk", "b"));
}

TEST(CsvReader, YelpsEscapes) {
  const auto rows = read("\"1\",\"a\\nb \\\\n \\t\"\"c\"\"\\\"\n", {.newline_escapes = true});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].cells[1], "a\nb \\\n \\t\"c\"\\");
  EXPECT_EQ(read("\"a\\nb\"")[0].cells[0], "a\\nb");
}

TEST(CsvReader, OtherDelimiters) {
  EXPECT_THAT(read("a;\"b;c\";d,e", {.delimiter = ';'})[0].cells, ElementsAre("a", "b;c", "d,e"));
  EXPECT_EQ(csv_delimiter("id;text\n1;a, b, c, d"), ';');
  EXPECT_EQ(csv_delimiter("\"a;b;c\",d\n"), ',');
  EXPECT_EQ(csv_delimiter("a\tb\tc, d\n"), '\t');
  EXPECT_EQ(csv_delimiter("word"), ',');
}

TEST(CsvReader, AQuoteThatIsNeverClosedIsReportedWhereItOpens) {
  EXPECT_THAT(message_of([] { read("1,a\n2,\"b\n3,c\n4,d\n"); }),
              AllOf(HasSubstr("never closed"), HasSubstr("data.csv:2")));
}

TEST(CsvReader, TextBehindAClosingQuote) {
  EXPECT_THAT(message_of([] { read("1,a\n2,\"he said \"no\" twice\"\n"); }),
              AllOf(HasSubstr("behind its closing quote"), HasSubstr("data.csv:2")));
}

TEST(CsvReader, BlocksChangeNothing) {
  const std::string text = "\"a\"\"\",b\r\n\r\n\"x\ny\",\"\"\"\"\n\\n,\xC3\xA9";
  const CsvForm form{.newline_escapes = true};
  const auto whole = read(text, form);
  for (size_t bytes = 1; bytes < text.size(); ++bytes) {
    const auto rows = read(text, form, bytes);
    ASSERT_EQ(rows.size(), whole.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i].cells, whole[i].cells);
      EXPECT_EQ(rows[i].line, whole[i].line);
    }
  }
}

}  // namespace
}  // namespace cloze
