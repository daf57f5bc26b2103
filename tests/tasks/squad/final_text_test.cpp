#include "engine/tasks/squad/final_text.h"

#include <gtest/gtest.h>

#include "tests/data/squad/squad_goldens.h"

namespace cloze {
namespace {

using nlohmann::json;
using testing::golden_tokenizer;

TEST(FinalText, IsThePartThatSpellsTheAnswer) {
  const Tokenizer tokenizer = golden_tokenizer();
  const auto final = [&](const char* predicted, const char* original) {
    return final_text(predicted, original, tokenizer);
  };
  EXPECT_EQ(final("steve smith", "Steve Smith's"), "Steve Smith");
  EXPECT_EQ(final("1895", "(1895-1943)."), "1895");
  EXPECT_EQ(final("cafe", "the Café,"), "Café");
  EXPECT_EQ(final("naive", "naïve."), "naïve");
  EXPECT_EQ(final("u . s .", "U.S. Army"), "U.S.");
  EXPECT_EQ(final("a b", "a  b"), "a  b");
  EXPECT_EQ(final("istanbul", "İstanbul!"), "İstanbul");
}

TEST(FinalText, IsAllWhereTheAnswerCannotBeLaidAgainstIt) {
  const Tokenizer tokenizer = golden_tokenizer();
  EXPECT_EQ(final_text("x", "y", tokenizer), "y");
  EXPECT_EQ(final_text("ab", "a\u200bb,", tokenizer), "a\u200bb,");  // lengths differ
  EXPECT_EQ(final_text("", "a b", tokenizer), "a b");
  EXPECT_EQ(final_text("[UNK]", "a b", tokenizer), "a b");
  EXPECT_EQ(final_text(" b", "a b", tokenizer), "a b");
}

TEST(FinalText, EqualsTheReference) {
  const json golden = read_json(testing::squad_golden("final_text.json"));
  ASSERT_EQ(golden.size(), 150u);
  const Tokenizer cased = golden_tokenizer(false), uncased = golden_tokenizer(true);
  int shortened = 0;
  for (const json& row : golden) {
    const auto predicted = row[1].get<std::string>(), original = row[2].get<std::string>();
    const std::string text = final_text(predicted, original, row[0].get<bool>() ? uncased : cased);
    EXPECT_EQ(text, row[3].get<std::string>()) << predicted << " in " << original;
    shortened += text != original;
  }
  EXPECT_GT(shortened, 50);
}

}  // namespace
}  // namespace cloze
