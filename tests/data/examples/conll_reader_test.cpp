#include "engine/data/examples/conll_reader.h"

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

std::vector<ConllSentence> read(std::string_view text) {
  ConllReader reader(blocks_of(text), "data.conll");
  std::vector<ConllSentence> sentences;
  for (ConllSentence sentence; reader.next(sentence);) sentences.push_back(sentence);
  return sentences;
}

TEST(ConllReader, BlankLinesEndSentences) {
  const auto sentences = read(
      "-DOCSTART- -X- -X- O\r\n\r\nEU NNP B-NP B-ORG\r\nrejects  VBZ\tB-VP O\r\n \t\r\n\n-DOCSTART- -X- -X- "
      "O\n"
      "Peter NNP B-NP B-PER");
  ASSERT_EQ(sentences.size(), 2u);
  ASSERT_EQ(sentences[0].words.size(), 2u);
  EXPECT_THAT(sentences[0].words[1], ElementsAre("rejects", "VBZ", "B-VP", "O"));
  EXPECT_EQ(sentences[0].line, 3);
  EXPECT_EQ(sentences[1].line, 8);
}

TEST(ConllReader, ADocumentMayStartBehindSpaces) {
  EXPECT_EQ(read("a X\n\t-DOCSTART- X\nb X\n").size(), 2u);
}

TEST(ConllReader, AWordWithOtherColumns) {
  EXPECT_THAT(message_of([] { read("a X\n\nb X\nc\n"); }),
              AllOf(HasSubstr("data.conll:4"), HasSubstr("1 columns"), HasSubstr("line 1")));
}

std::vector<std::string> as_iob2(std::vector<std::string> tags) {
  to_iob2(tags);
  return tags;
}

TEST(ConllReader, Iob1BecomesIob2) {
  EXPECT_THAT(as_iob2({"I-PER", "I-PER", "O", "I-LOC", "B-LOC", "I-ORG", "I-ORG"}),
              ElementsAre("B-PER", "I-PER", "O", "B-LOC", "B-LOC", "B-ORG", "I-ORG"));
}

TEST(ConllReader, Iob2AndOtherTagsStay) {
  const std::vector<std::string> iob2 = {"B-PER", "I-PER", "B-PER", "O", "B-LOC", "I-LOC"};
  EXPECT_EQ(as_iob2(iob2), iob2);
  const std::vector<std::string> parts_of_speech = {"NOUN", "VERB", "-", ""};
  EXPECT_EQ(as_iob2(parts_of_speech), parts_of_speech);
}

}  // namespace
}  // namespace cloze
