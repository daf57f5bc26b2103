// SQuAD files as they are read, and what is wrong with some.
#include "engine/data/squad/question_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"
#include "tests/data/input_files.h"
#include "tests/data/squad/squad_goldens.h"

namespace cloze {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string sample = R"({"version": "1.1", "data": [
  {"title": "T", "paragraphs": [
    {"qas": [
      {"id": "q1", "question": "Who?", "answers": [{"text": "Zoë", "answer_start": 4}]},
      {"id": "q2", "question": "When?",
       "answers": [], "is_impossible": true, "plausible_answers": [{"text": 5, "deep": [[{}]]}]}],
     "context": "The Zo\u00eb\u202fof old"},
    {"context": " ", "qas": []}]},
  {"paragraphs": [{"context": "x", "qas": [{"id": "q3", "question": ""}]}]}
]})";

std::string message_of(const std::string& text) {
  try {
    parse_question_file(text, "q.json");
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error for " << text;
  return {};
}

std::string replaced(std::string text, const std::string& part, const std::string& by) {
  const size_t at = text.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  return text.replace(at, part.size(), by);
}

std::vector<std::string> words_of(const Passage& passage) {
  std::vector<std::string> words;
  for (size_t i = 0; i < passage.words.size(); ++i) words.emplace_back(passage.word(i));
  return words;
}

TEST(QuestionFile, HoldsWhatTheFileSays) {
  const QuestionFile file = parse_question_file(sample, "q.json");
  ASSERT_EQ(file.passages.size(), 3u);
  EXPECT_EQ(file.passages[0].text, "The Zoë\u202fof old");
  EXPECT_THAT(words_of(file.passages[0]), ElementsAre("The", "Zoë", "of", "old"));
  EXPECT_THAT(words_of(file.passages[1]), IsEmpty());
  ASSERT_EQ(file.questions.size(), 3u);
  const Question& first = file.questions[0];
  EXPECT_EQ(first.id, "q1");
  EXPECT_EQ(first.text, "Who?");
  EXPECT_EQ(first.passage, 0u);
  ASSERT_EQ(first.answers.size(), 1u);
  EXPECT_EQ(first.answers[0].text, "Zoë");
  EXPECT_EQ(first.answers[0].start, 4);
  EXPECT_FALSE(first.impossible.has_value());
  EXPECT_EQ(to_string(file.place_of(first)), "q.json:4");
  EXPECT_EQ(file.questions[1].impossible, true);
  EXPECT_TRUE(file.questions[1].has_answers);
  EXPECT_EQ(file.questions[1].line, 5);
  EXPECT_EQ(file.passage_of(file.questions[2]).text, "x");
  EXPECT_FALSE(file.questions[2].has_answers);
}

TEST(QuestionFile, VersionShowsInTheQuestions) {
  EXPECT_TRUE(parse_question_file(sample, "q.json").has_impossible_questions());
  const auto one = [](const std::string& more) {
    return parse_question_file(
        R"({"data": [{"paragraphs": [{"context": "x", "qas": [{"id": "1", "question": "?")" + more +
            "}]}]}]}",
        "q.json");
  };
  EXPECT_FALSE(one("").has_impossible_questions());
  EXPECT_FALSE(one(R"(, "answers": [{"text": "x"}])").has_impossible_questions());
  EXPECT_TRUE(one(R"(, "answers": [])").has_impossible_questions());
  EXPECT_TRUE(one(R"(, "answers": [{"text": "x"}], "is_impossible": false)").has_impossible_questions());
}

TEST(QuestionFile, WordsAreSplitAtGooglesWhiteSpaceOnly) {
  const Passage passage{.text = "\ta\u00a0b\r\nc\u2003d\u202fe ", .words = {}};
  Passage split = passage;
  split.words = context_words(split.text);
  EXPECT_THAT(words_of(split), ElementsAre("a\u00a0b", "c\u2003d", "e"));
}

TEST(QuestionFile, IsUnpacked) {
  const ScratchFolder folder;
  testing::write_packed(folder / "q.json.gz", sample, testing::Packing::gzip);
  EXPECT_EQ(read_question_file(folder / "q.json.gz").questions.size(), 3u);
}

TEST(QuestionFile, MayBeginWithAByteOrderMark) {
  EXPECT_EQ(parse_question_file("\xEF\xBB\xBF" + sample, "q.json").questions.size(), 3u);
}

TEST(QuestionFile, CutInHalfIsRefused) {
  EXPECT_THAT(message_of(sample.substr(0, sample.find("\"id\": \"q2\"") + 4)),
              AllOf(HasSubstr("not valid JSON"), HasSubstr("q.json:5"), HasSubstr("complete")));
  EXPECT_THAT(message_of(""), AllOf(HasSubstr("not valid JSON"), HasSubstr("q.json:1")));
  for (size_t end = 0; end < sample.size(); end += 7) {
    EXPECT_THROW(parse_question_file(sample.substr(0, end), "q.json"), Error) << end;
  }
}

TEST(QuestionFile, WrongTypesAreNamedWithLineAndQuestion) {
  EXPECT_THAT(message_of(replaced(sample, "\"Who?\"", "17")),
              AllOf(HasSubstr("`question` is a number, but must be a text"), HasSubstr("q.json:4"),
                    HasSubstr("in question `q1`")));
  EXPECT_THAT(message_of(replaced(sample, "\"q2\"", "2")),
              AllOf(HasSubstr("`id` is a number"), HasSubstr("in question number 2 of the file")));
  EXPECT_THAT(message_of(replaced(sample, "4}", "4.5}")),
              HasSubstr("`answer_start` is a number, but must be"));
  EXPECT_THAT(message_of(replaced(sample, "4}", "\"4\"}")), HasSubstr("`answer_start` is a text"));
  EXPECT_THAT(message_of(replaced(sample, "4}", "18446744073709551615}")),
              HasSubstr("a position in the context"));
  EXPECT_THAT(message_of(replaced(sample, "true", "1")),
              HasSubstr("`is_impossible` is a number, but must be true"));
  EXPECT_THAT(message_of(replaced(sample, "\"Zoë\"", "[\"Zoë\"]")),
              HasSubstr("`text` is a list, but must be a text"));
  EXPECT_THAT(message_of(replaced(sample, "[{\"text\": \"Zoë\", \"answer_start\": 4}]", "{}")),
              HasSubstr("`answers` is an object, but must be a list"));
  EXPECT_THAT(message_of(replaced(sample, "\" \"", "null")),
              HasSubstr("`context` is null, but must be a text"));
  EXPECT_THAT(message_of("[]"), HasSubstr("an entry is a list, but must be an object"));
  EXPECT_THAT(message_of(R"({"data": {}})"), HasSubstr("`data` is an object, but must be a list"));
  EXPECT_THAT(message_of(R"({"data": [7]})"), HasSubstr("an entry is a number, but must be an object"));
}

TEST(QuestionFile, MissingKeysAreNamed) {
  EXPECT_THAT(message_of(replaced(sample, "\"id\": \"q2\", ", "")),
              AllOf(HasSubstr("a question has no `id`"), HasSubstr("in question number 2")));
  EXPECT_THAT(message_of(replaced(sample, "\"question\": \"Who?\", ", "")),
              HasSubstr("a question has no `question`"));
  EXPECT_THAT(message_of(replaced(sample, "\"text\": \"Zoë\", ", "")), HasSubstr("an answer has no `text`"));
  EXPECT_THAT(message_of(replaced(sample, "\"context\": \" \", ", "")),
              HasSubstr("a paragraph has no `context`"));
  EXPECT_THAT(message_of(replaced(sample, ", \"qas\": []", "")), HasSubstr("a paragraph has no `qas`"));
  EXPECT_THAT(message_of(R"({"data": [{"title": "T"}]})"), HasSubstr("an article has no `paragraphs`"));
  EXPECT_THAT(message_of(R"({"version": "1.1"})"), HasSubstr("it has no list `data` at the top"));
}

TEST(QuestionFile, RepetitionsAreRefused) {
  EXPECT_THAT(message_of(replaced(sample, "\"q3\"", "\"q1\"")),
              AllOf(HasSubstr("the question id `q1` is given twice"), HasSubstr("q.json:9"),
                    HasSubstr("first on line 4")));
  EXPECT_THAT(message_of(replaced(sample, "\"question\": \"Who?\"", "\"id\": \"q9\"")),
              HasSubstr("the key `id` is given twice in one object"));
}

TEST(QuestionFile, FilesThatCannotBeReadAreNamed) {
  const ScratchFolder folder;
  EXPECT_THROW(read_question_file(folder / "absent.json"), Error);
  EXPECT_THROW(read_question_file(folder.path()), Error);
}

TEST(QuestionFile, DeepNestingUnderAnUnknownKeyIsPassedOver) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  EXPECT_EQ(parse_question_file(replaced(sample, "\"1.1\"", deep), "q.json").questions.size(), 3u);
}

}  // namespace
}  // namespace cloze
