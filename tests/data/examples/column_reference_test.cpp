#include "engine/data/examples/column_reference.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/data/examples/quoted_list.h"

namespace cloze {
namespace {

TEST(ColumnReference, NumbersCountFromOneOrFromTheEnd) {
  EXPECT_EQ(column_number("3"), 3);
  EXPECT_EQ(column_number("-1"), -1);
  EXPECT_EQ(column_number("0"), std::nullopt);
  EXPECT_EQ(column_number("label1"), std::nullopt);
  EXPECT_EQ(column_number("1st"), std::nullopt);
  EXPECT_EQ(find_column("1", {}, 4), 0u);
  EXPECT_EQ(find_column("-1", {}, 4), 3u);
  EXPECT_EQ(find_column("5", {}, 4), std::nullopt);
  EXPECT_EQ(find_column("-5", {}, 4), std::nullopt);
}

TEST(ColumnReference, NamesAreLookedUpInTheHeader) {
  const std::vector<std::string> header = {"index", " #1 String ", "label", "label"};
  EXPECT_EQ(find_column("#1 String", header, 4), 1u);
  EXPECT_EQ(find_column("label", header, 4), 2u);
  EXPECT_EQ(find_column("Label", header, 4), std::nullopt);
}

TEST(ColumnReference, UsualNames) {
  for (const char* name : {"label", "Text", " SENTENCE ", "id", "index", "review"})
    EXPECT_TRUE(is_usual_column_name(name));
  for (const char* cell : {"0", "positive", "", "good labels", "the text"})
    EXPECT_FALSE(is_usual_column_name(cell));
}

TEST(QuotedList, CutsLongTextsBetweenCharacters) {
  std::string long_text;
  for (int i = 0; i < 30; ++i) long_text += "\u4E2D";
  EXPECT_EQ(quoted_list(std::vector<std::string>{"a", ""}), "`a`, ``");
  EXPECT_EQ(quoted_list(std::vector<std::string>{long_text}), '`' + long_text.substr(0, 42) + "...`");
  EXPECT_EQ(quoted_list(std::vector<std::string>{std::string(50, '\xE4')}),
            '`' + std::string(40, '\xE4') + "...`");
  EXPECT_EQ(quoted_list(std::vector<std::string>(3, "x"), 2), "`x`, `x`, ...");
}

}  // namespace
}  // namespace cloze
