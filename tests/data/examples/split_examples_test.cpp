#include "engine/data/examples/split_examples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/data/examples/test_examples.h"

namespace cloze {
namespace {

using ::testing::HasSubstr;
using testing::message_of;

TEST(SplitExamples, PercentagesAreNoFiles) {
  EXPECT_DOUBLE_EQ(*parse_split("10%"), 0.1);
  EXPECT_DOUBLE_EQ(*parse_split("2.5 %"), 0.025);
  EXPECT_EQ(parse_split("dev.tsv"), std::nullopt);
  EXPECT_EQ(parse_split("0.1"), std::nullopt);
  EXPECT_THAT(message_of([] { parse_split("0%"); }), HasSubstr("between 0% and 100%"));
  EXPECT_THAT(message_of([] { parse_split("100%"); }), HasSubstr("`100%`"));
  EXPECT_THAT(message_of([] { parse_split("dev%"); }), HasSubstr("`dev%`"));
}

TEST(SplitExamples, CountIsExactAndRowsDependOnTheSeed) {
  const auto rows = validation_rows(1000, 0.1, 7);
  EXPECT_EQ(rows.size(), 100u);
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
  EXPECT_EQ(std::adjacent_find(rows.begin(), rows.end()), rows.end());
  EXPECT_EQ(validation_rows(1000, 0.1, 7), rows);
  EXPECT_NE(validation_rows(1000, 0.1, 8), rows);
  EXPECT_EQ(validation_rows(3, 0.01, 7).size(), 1u);
}

// A row's place in the draw is its own: more rows move only what the larger count brings in or pushes out.
TEST(SplitExamples, RowsAddedAtTheEndChangeLittle) {
  const auto before = validation_rows(1000, 0.1, 7), after = validation_rows(1010, 0.1, 7);
  std::vector<size_t> both;
  std::set_intersection(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(both));
  EXPECT_GE(both.size(), 95u);
}

// With one half, every stretch of rows gives about half of its rows.
TEST(SplitExamples, RowsAreSpreadEvenly) {
  const auto rows = validation_rows(10'000, 0.5, 1);
  for (size_t begin = 0; begin < 10'000; begin += 1000) {
    const auto inside =
        std::count_if(rows.begin(), rows.end(), [&](size_t row) { return row / 1000 == begin / 1000; });
    EXPECT_NEAR(static_cast<double>(inside), 500, 80);
  }
}

TEST(SplitExamples, BothPartsKeepTheirOrder) {
  ExampleSet set{.file = "train.tsv"};
  for (int i = 0; i < 50; ++i) set.examples.push_back({std::to_string(i), i + 1, TextPair{"text", "", "0"}});
  const SplitExamples split = split_examples(set, 0.2, 3);
  EXPECT_EQ(split.training.examples.size(), 40u);
  EXPECT_EQ(split.validation.examples.size(), 10u);
  for (const auto* part : {&split.training, &split.validation}) {
    EXPECT_TRUE(std::is_sorted(part->examples.begin(), part->examples.end(),
                               [](const Example& a, const Example& b) { return a.line < b.line; }));
  }
  ExampleSet one{.file = "one.tsv"};
  one.examples.push_back({"0", 1, TextPair{"text", "", "0"}});
  EXPECT_THAT(message_of([&] { split_examples(one, 0.1, 3); }), HasSubstr("one.tsv"));
}

}  // namespace
}  // namespace cloze
