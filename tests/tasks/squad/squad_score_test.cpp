// SQuAD's evaluation against squad_reference.py, and on published predictions.
#include "engine/tasks/squad/squad_score.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/tasks/squad/answer_match.h"
#include "tests/base/scratch_folder.h"
#include "tests/data/squad/squad_goldens.h"

namespace cloze {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::squad_golden;

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

TEST(AnswerMatch, NormalisesAsPythonDoes) {
  const json golden = read_json(squad_golden("answers.json"));
  ASSERT_GT(golden["normalized"].size(), 150u);
  for (const json& row : golden["normalized"]) {
    EXPECT_EQ(normalized_answer(row[0].get<std::string>()), row[1].get<std::string>()) << row[0];
  }
}

TEST(AnswerMatch, F1IsEqual) {
  const json golden = read_json(squad_golden("answers.json"));
  ASSERT_EQ(golden["f1"].size(), 100u);
  for (const json& row : golden["f1"]) {
    const ComparableAnswer a(row[0].get<std::string>()), b(row[1].get<std::string>());
    EXPECT_EQ(token_f1(a, b, 0), row[2].get<double>()) << row;
    EXPECT_EQ(token_f1(a, b, 1), row[3].get<double>()) << row;
  }
}

TEST(AnswerMatch, CountsEachWordAsOftenAsItIsThere) {
  EXPECT_DOUBLE_EQ(token_f1(ComparableAnswer("x x y"), ComparableAnswer("x z"), 0), 0.4);
  EXPECT_EQ(token_f1(ComparableAnswer("x"), ComparableAnswer("the"), 1), 0);
}

// guesses() of make_squad_goldens.py.
struct Guesses {
  PredictedAnswers predictions;
  NullOdds odds;
};
Guesses guesses(const QuestionFile& file) {
  Guesses all;
  int number = 0;
  for (const Question& question : file.questions) {
    const std::string guess = question.answers.empty() ? "the weather" : question.answers[0].text;
    std::string upper = guess;
    for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    const std::array<std::string, 5> kinds = {guess, "", "The " + upper + ".",
                                              guess.substr(0, guess.find(' ')), "no such thing"};
    if (number % 97 != 96) all.predictions.emplace(question.id, kinds[static_cast<size_t>(number % 5)]);
    all.odds.emplace_back(question.id, (number * 37 % 101 - 50) / 16.0);
    ++number;
  }
  return all;
}

void expect_scores(const std::filesystem::path& path, const json& expected) {
  const QuestionFile file = read_question_file(path);
  const Guesses all = guesses(file);
  const auto line = [&](const char* key) { return expected[key].get<std::string>() + "\n"; };
  EXPECT_EQ(score_json(score_squad_v2(file, all.predictions, std::nullopt), SquadVersion::v2), line("v2.0"));
  EXPECT_EQ(score_json(score_squad_v2(file, all.predictions, NullOddsRule{all.odds}), SquadVersion::v2),
            line("v2.0 with odds"));
  QuestionFile answerable = file;
  std::erase_if(answerable.questions, [](const Question& question) { return question.answers.empty(); });
  EXPECT_EQ(score_json(score_squad_v1(answerable, all.predictions), SquadVersion::v1), line("v1.1"));
}

TEST(SquadScore, EqualsTheReference) {
  expect_scores(squad_golden("questions.json"), read_json(squad_golden("scores.json")));
}

class WholeFileScores : public ::testing::TestWithParam<const char*> {};

TEST_P(WholeFileScores, EqualTheReference) {
  const auto path = testing::shared_data("squad") / GetParam();
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  expect_scores(path, read_json(squad_golden("whole_files.json"))["scores"][GetParam()]);
}

INSTANTIATE_TEST_SUITE_P(Squad, WholeFileScores, ::testing::Values("dev-v1.1.json", "dev-v2.0-half.json"),
                         [](const auto& file) { return "file" + std::to_string(file.index); });

TEST(SquadScore, OfAPublishedEnsembleIsAsPublished) {
  const auto folder = testing::shared_data("squad");
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
  const QuestionFile file = read_question_file(folder / "dev-v1.1.json");
  EXPECT_EQ(squad_version(file), SquadVersion::v1);
  const SquadScore score = score_squad_v1(file, read_predictions(folder / "predictions-v1.1-bert.json"));
  EXPECT_NEAR(score.all.exact, 86.21, 0.005);
  EXPECT_NEAR(score.all.f1, 92.20, 0.005);
  EXPECT_EQ(score.all.total, 10570);
  EXPECT_TRUE(score.missing.empty());
}

// Four questions of SQuAD v2.0: two with the answer "x y", two without.
class FourQuestions : public ::testing::Test {
 protected:
  QuestionFile file_ = parse_question_file(
      R"({"data": [{"paragraphs": [{"context": "x y", "qas": [
        {"id": "a", "question": "?", "answers": [{"text": "x y"}, {"text": "the"}]},
        {"id": "b", "question": "?", "answers": [{"text": "x y"}]},
        {"id": "c", "question": "?", "answers": [], "is_impossible": true},
        {"id": "d", "question": "?", "answers": [], "is_impossible": true}]}]}]})",
      "four.json");
};

TEST_F(FourQuestions, MissingPredictionsLeaveVersion2) {
  EXPECT_EQ(squad_version(file_), SquadVersion::v2);
  const SquadScore score = score_squad_v2(file_, {{"a", "X y!"}, {"b", "x"}, {"c", ""}}, std::nullopt);
  EXPECT_THAT(score.missing, ElementsAre("d"));
  EXPECT_EQ(score.all.total, 3);
  EXPECT_DOUBLE_EQ(score.all.exact, 200.0 / 3);
  EXPECT_EQ(score.with_answer->total, 2);
  EXPECT_EQ(score.with_answer->exact, 50);
  EXPECT_NEAR(score.with_answer->f1, (100 + 200.0 / 3) / 2, 1e-12);
  EXPECT_EQ(score.without_answer->exact, 100);
  EXPECT_FALSE(score.best_exact.has_value());
}

TEST_F(FourQuestions, AThresholdOverrulesThePrediction) {
  const PredictedAnswers predictions = {{"a", "x y"}, {"b", "x y"}, {"c", "x"}, {"d", "x"}};
  const NullOddsRule rule{{{"a", -2}, {"b", 3}, {"c", 2}, {"d", 0}}, 1};
  const SquadScore score = score_squad_v2(file_, predictions, rule);
  EXPECT_EQ(score.with_answer->exact, 50);     // b falls
  EXPECT_EQ(score.without_answer->exact, 50);  // c is saved
  EXPECT_EQ(score.best_exact->score, 75);      // a answered: 2 + 1
  EXPECT_EQ(score.best_exact->threshold, -2);
}

TEST_F(FourQuestions, EqualOddsKeepTheirOrder) {
  const PredictedAnswers predictions = {{"a", "x y"}, {"b", "x y"}, {"c", "x"}, {"d", "x"}};
  const auto best = [&](const NullOdds& odds) {
    return score_squad_v2(file_, predictions, NullOddsRule{odds}).best_exact->score;
  };
  EXPECT_EQ(best({{"a", 0}, {"b", 0}, {"c", 0}, {"d", 0}}), 100);
  EXPECT_EQ(best({{"c", 0}, {"d", 0}, {"a", 0}, {"b", 0}}), 50);
}

TEST_F(FourQuestions, Version1CountsEveryQuestion) {
  EXPECT_THAT(message_of([&] {
                score_squad_v1(file_, {{"a", "x y"}});
              }),
              AllOf(HasSubstr("a question has no answers to compare with"), HasSubstr("four.json:4"),
                    HasSubstr("in question `c`")));
  file_.questions.resize(2);
  const SquadScore score = score_squad_v1(file_, {{"a", "the"}});
  EXPECT_EQ(score.all.exact, 50);
  EXPECT_EQ(score.all.f1, 0);  // neither side has a word
  EXPECT_THAT(score.missing, ElementsAre("b"));
}

TEST_F(FourQuestions, WhatCannotBeScoredIsSaid) {
  EXPECT_THAT(message_of([&] {
                score_squad_v2(file_, {{"other", "x"}}, std::nullopt);
              }),
              AllOf(HasSubstr("there is nothing to score"), HasSubstr("four.json")));
  EXPECT_THAT(message_of([&] {
                score_squad_v2(file_, {{"a", "x"}}, NullOddsRule{{{"b", 1}}});
              }),
              HasSubstr("question `a` has a prediction, but no null odds"));
  file_.questions[0].has_answers = false;
  EXPECT_THAT(message_of([&] {
                score_squad_v2(file_, {{"a", "x"}}, std::nullopt);
              }),
              HasSubstr("a question has no list of answers"));
}

class ScoreFiles : public ::testing::Test {
 protected:
  std::filesystem::path file_of(const std::string& text) {
    write_file(folder_ / "f.json", text);
    return folder_ / "f.json";
  }
  ScratchFolder folder_;
};

TEST_F(ScoreFiles, AreRead) {
  const PredictedAnswers predictions = read_predictions(file_of(R"({"b": "x", "a": ""})"));
  EXPECT_EQ(predictions.at("b"), "x");
  EXPECT_EQ(predictions.at("a"), "");
  EXPECT_THAT(read_null_odds(file_of(R"({"b": -1.5, "a": 2})")),
              ElementsAre(std::pair<std::string, double>("b", -1.5), std::pair<std::string, double>("a", 2)));
}

TEST_F(ScoreFiles, OfAnotherFormAreRefused) {
  const auto predictions = [&](const std::string& text) {
    return message_of([&] { read_predictions(file_of(text)); });
  };
  EXPECT_THAT(predictions("{\n\"a\": \"x\",\n\"b\": 1}"),
              AllOf(HasSubstr("a value is a number, but must be a text"), HasSubstr("f.json:3"),
                    HasSubstr("for question `b`")));
  EXPECT_THAT(predictions(R"({"a": {"text": "x"}})"), HasSubstr("a value is an object, but must be a text"));
  EXPECT_THAT(predictions(R"({"a": ["x"]})"), HasSubstr("a value is a list, but must be a text"));
  EXPECT_THAT(predictions(R"(["x"])"), HasSubstr("the file holds a list, but must hold an object"));
  EXPECT_THAT(predictions("3"), HasSubstr("the file holds a number"));
  EXPECT_THAT(predictions(R"({"a": "x", "a": "y"})"), HasSubstr("the question id `a` is given twice"));
  EXPECT_THAT(predictions(R"({"a": "x")"), HasSubstr("not valid JSON"));
  EXPECT_THAT(message_of([&] { read_null_odds(file_of(R"({"a": "x"})")); }),
              HasSubstr("a value is a text, but must be a number"));
}

TEST(SquadScore, TakesSelectedAnswersToo) {
  const std::vector<AnsweredQuestion> answered = {{.id = "a", .text = "x", .candidates = {}, .null_odds = 2}};
  EXPECT_EQ(predicted_answers(answered).at("a"), "x");
  EXPECT_THAT(null_odds(answered), ElementsAre(std::pair<std::string, double>("a", 2)));
}

}  // namespace
}  // namespace cloze
