#include "engine/observe/sample_predictions.h"

#include <gmock/gmock.h>

#include "tests/data/test_corpus.h"

namespace cloze {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// [PAD] [UNK] [CLS] [SEP] [MASK], then words.
const std::vector<std::string> pieces = {"[PAD]",  "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the",  "sand",
                                         "##wich", "was",   "of",    ".",     "eaten",  "größe"};

std::vector<FilledExample> blanks_of(const std::vector<testing::Document>& documents, size_t count) {
  const testing::TemporaryFolder folder;
  return sentences_with_blanks(*testing::make_corpus(folder / "corpus", documents, pieces), count);
}

TEST(Blanks, TakeOutWholeWordsOnly) {
  // the sandwich was of größe .
  const testing::Document document{{5, 6, 7, 8, 9, 12, 10}};
  std::vector<std::string> truths;
  for (const FilledExample& example : blanks_of(std::vector<testing::Document>(9, document), 9)) {
    truths.push_back(example.truth);
    EXPECT_EQ(example.before.find("##"), std::string::npos);
    if (example.truth == "was") {
      EXPECT_EQ(example.before, "the sandwich");
      EXPECT_EQ(example.after, "of größe .");
    }
  }
  ASSERT_EQ(truths.size(), 9u);
  EXPECT_THAT(truths, Each(::testing::AnyOf("the", "was", "größe")));
}

TEST(Blanks, SkipSentencesThatAreShortUnknownOrWithoutWords) {
  EXPECT_THAT(blanks_of({{{5, 8}}, {{5, 1, 8, 11, 10}}, {{9, 9, 9, 10, 10}}}, 3), IsEmpty());
  const auto found = blanks_of({{{5, 8}, {5, 1, 8, 11, 10}, {9, 9, 11, 10, 10}}}, 3);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].truth, "eaten");
}

}  // namespace
}  // namespace cloze
