#include "engine/text/python_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloze {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(PythonText, LowersFully) {
  EXPECT_EQ(python_lower("ÀB ẞ ǅ"), "àb ß ǆ");
  EXPECT_EQ(python_lower("İI"), "i\u0307i");
  EXPECT_EQ(python_lower("𐐀"), "𐐨");
  EXPECT_EQ(python_lower("a\xFF\xC3"), "a\xFF\xC3");
}

TEST(PythonText, FinalSigmaLooksPastWhatIsIgnorable) {
  EXPECT_EQ(python_lower("ΟΔΥΣΣΕΥΣ"), "οδυσσευς");
  EXPECT_EQ(python_lower("Σ"), "σ");
  EXPECT_EQ(python_lower("ΑΣ. Α"), "ας. α");
  EXPECT_EQ(python_lower("ΑΣ.Α"), "ασ.α");
  EXPECT_EQ(python_lower("Α\u0301Σ\u0301"), "α\u0301ς\u0301");
  EXPECT_EQ(python_lower("1Σ"), "1σ");
}

TEST(PythonText, SplitsAtAllOfPythonsWhiteSpace) {
  EXPECT_THAT(python_split(" a\u00a0b\x1f"
                           "c\u2028\u3000d\x0b\u0085"),
              ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(python_split("a\u200bb\u180ec\ufeffd"), ElementsAre("a\u200bb\u180ec\ufeffd"));
  EXPECT_THAT(python_split(" \t"), IsEmpty());
  EXPECT_EQ(python_collapse_spaces("  a \n b "), "a b");
}

TEST(PythonText, StripsTheEnds) {
  EXPECT_EQ(python_strip("\u2003 a  b\u00a0\n"), "a  b");
  EXPECT_EQ(python_strip(" \u3000"), "");
  EXPECT_EQ(python_strip(""), "");
}

TEST(PythonText, WordCharactersAreLettersAndNumbers) {
  for (const char32_t c : U"aZ0_éª²½Ⅷ㊀一日ʰ١") {
    EXPECT_EQ(is_python_word(c), c != 0) << static_cast<uint32_t>(c);
  }
  for (const char32_t c : U" .-’·€\u0301\u093e\u20dd\u200d\U0001F600") {
    EXPECT_FALSE(is_python_word(c)) << static_cast<uint32_t>(c);
  }
}

}  // namespace
}  // namespace cloze
