#include "engine/data/examples/column_reference.h"

#include <gtest/gtest.h>

#include <vector>

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

}  // namespace
}  // namespace cloze
