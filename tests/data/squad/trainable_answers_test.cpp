#include "engine/data/squad/trainable_answers.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"

namespace cloze {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A file with one question; `more` are further keys of it.
QuestionFile file_with(const std::string& context, const std::string& more) {
  return parse_question_file(fmt::format(R"({{"data": [{{"paragraphs": [{{"context": "{}", "qas": [
{{"id": "q", "question": "?"{}}}]}}]}}]}})",
                                         context, more),
                             "train.json");
}
QuestionFile with_answer(const std::string& context, const std::string& answer, int start) {
  return file_with(context,
                   fmt::format(R"(, "answers": [{{"text": "{}", "answer_start": {}}}])", answer, start));
}

// The words of the only question's answer, or nothing where it is skipped.
std::optional<WordRange> words_of(QuestionFile file) {
  const size_t skipped = keep_trainable(file, false);
  EXPECT_EQ(skipped + file.questions.size(), 1u);
  return skipped > 0 ? std::nullopt : file.questions[0].answer_words;
}

std::string message_of(QuestionFile file, bool with_impossible = false) {
  try {
    keep_trainable(file, with_impossible);
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

TEST(TrainableAnswers, AreFoundByCharacterNotByByte) {
  EXPECT_EQ(words_of(with_answer("Zoë, (1895-1943). was here", "1895", 6)), (WordRange{1, 1}));
  EXPECT_EQ(words_of(with_answer("日本 is far", "is far", 3)), (WordRange{1, 2}));
}

TEST(TrainableAnswers, SpacesOfAnAnswerDoNotCount) {
  EXPECT_EQ(words_of(with_answer("a  b\\tc d", "b\\tc", 3)), (WordRange{1, 2}));
  EXPECT_EQ(words_of(with_answer("a b c", " b ", 1)), (WordRange{0, 1}));
}

TEST(TrainableAnswers, NotWhereTheFileSaysAreSkipped) {
  EXPECT_EQ(words_of(with_answer("one two three", "one", 4)), std::nullopt);
  EXPECT_EQ(words_of(with_answer("one two three", "nowhere", 4)), std::nullopt);
  // A no-break space ends a word of the answer, not of the context.
  EXPECT_EQ(words_of(with_answer("one a\u00a0b", "a\u00a0b", 4)), std::nullopt);
}

// Python's index -1 is the last element.
TEST(TrainableAnswers, BeforeTheFirstWordCountFromTheEnd) {
  EXPECT_EQ(words_of(with_answer("  one", " one", 1)), (WordRange{0, 0}));
  EXPECT_EQ(words_of(with_answer("  one two", " one", 1)), std::nullopt);
  EXPECT_EQ(words_of(with_answer("   ", "x", 1)), std::nullopt);
}

TEST(TrainableAnswers, BadAnswersAreRefused) {
  EXPECT_THAT(message_of(with_answer("one two", "two", 5)),
              AllOf(HasSubstr("an answer of 3 characters at 5 reaches beyond its context"),
                    HasSubstr("train.json:2"), HasSubstr("in question `q`"), HasSubstr("not bytes")));
  EXPECT_THAT(message_of(with_answer("one two", "two", -3)), HasSubstr("reaches beyond its context"));
  EXPECT_THAT(message_of(with_answer("one two", "", 0)), HasSubstr("an answer holds no text"));
  EXPECT_THAT(message_of(with_answer("one two", " ", 3)), HasSubstr("an answer holds no text"));
  EXPECT_THAT(message_of(file_with("one", R"(, "answers": [{"text": "one"}])")),
              HasSubstr("an answer has no `answer_start`"));
  EXPECT_THAT(message_of(file_with("one", "")), HasSubstr("has 0 answers, not 1"));
  EXPECT_THAT(message_of(file_with("one", R"(, "answers": [{"text": "one", "answer_start": 0},
                                                           {"text": "one", "answer_start": 0}])")),
              AllOf(HasSubstr("has 2 answers, not 1"), HasSubstr("for evaluation")));
}

TEST(TrainableAnswers, ImpossibleQuestionsAreKeptWithoutAnswer) {
  QuestionFile file = file_with("one", R"(, "answers": [], "is_impossible": true)");
  EXPECT_THAT(message_of(file), HasSubstr("need `version_2_with_negative`"));
  EXPECT_EQ(keep_trainable(file, true), 0u);
  ASSERT_EQ(file.questions.size(), 1u);
  EXPECT_FALSE(file.questions[0].answer_words.has_value());
  EXPECT_THAT(message_of(with_answer("one", "one", 0), true), HasSubstr("does not say `is_impossible`"));
}

}  // namespace
}  // namespace cloze
