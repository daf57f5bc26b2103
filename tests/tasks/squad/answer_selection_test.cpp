// Answers chosen from scores, and the files written of them, against squad_reference.py.
#include "engine/tasks/squad/answer_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/tasks/squad/prediction_files.h"
#include "tests/base/scratch_folder.h"
#include "tests/data/squad/squad_goldens.h"

namespace cloze {
namespace {

using ::testing::ElementsAre;
using testing::golden_tokenizer;
using testing::squad_golden;

// made_up_score() of make_squad_goldens.py: small multiples of 1/7 in float32, many of them equal.
float made_up_score(size_t window, size_t position, uint32_t which) {
  const auto seed = static_cast<uint32_t>(window * 7919 + position * 104729) + which * 1299709u;
  const uint32_t mixed = seed * 2654435761u;
  return static_cast<float>((static_cast<int>(mixed >> 20) % 97 - 48) / 7.0);
}

std::vector<float> made_up_scores(size_t window, size_t positions, uint32_t which) {
  std::vector<float> scores(positions);
  for (size_t i = 0; i < positions; ++i) scores[i] = made_up_score(window, i, which);
  return scores;
}

std::vector<AnsweredQuestion> answer_all(const SquadOptions& options, bool padded, int threads = 2) {
  const QuestionFile file = read_question_file(squad_golden("questions.json"));
  const Tokenizer tokenizer = golden_tokenizer();
  const auto windows = make_question_windows(file, tokenizer, options, WindowPurpose::prediction, 2);
  std::vector<std::vector<float>> values;
  std::vector<WindowScores> scores;
  for (size_t i = 0; i < windows.size(); ++i) {
    const size_t positions =
        padded ? static_cast<size_t>(options.max_sequence_length) : windows[i].sequence.tokens.size();
    values.push_back(made_up_scores(i, positions, 0));
    values.push_back(made_up_scores(i, positions, 1));
  }
  for (size_t i = 0; i < windows.size(); ++i) scores.push_back({values[2 * i], values[2 * i + 1]});
  return select_answers(file, windows, scores, options, tokenizer, threads);
}

TEST(AnswerSelection, FilesOfVersion1AreEqual) {
  const ScratchFolder folder;
  const auto answered = answer_all(testing::overlapping_windows(), /*padded=*/true);
  write_prediction_files(folder.path(), answered, /*version_2_with_negative=*/false);
  for (const std::string name : {"predictions.json", "nbest_predictions.json"}) {
    EXPECT_EQ(read_file(folder / name), read_file(squad_golden("overlapping_" + name))) << name;
  }
  EXPECT_EQ(folder.file_count(), 2);
}

TEST(AnswerSelection, FilesOfVersion2AreEqual) {
  const ScratchFolder folder;
  const auto answered = answer_all(testing::windows_apart(), /*padded=*/false);
  write_prediction_files(folder.path(), answered, /*version_2_with_negative=*/true);
  for (const std::string name : {"predictions.json", "nbest_predictions.json", "null_odds.json"}) {
    EXPECT_EQ(read_file(folder / name), read_file(squad_golden("apart_" + name))) << name;
  }
  const auto is_none = [](const AnsweredQuestion& question) { return question.text.empty(); };
  const auto none = std::count_if(answered.begin(), answered.end(), is_none);
  EXPECT_GT(none, 20);
  EXPECT_LT(none, 108);
}

TEST(AnswerSelection, ThreadsDoNotMatter) {
  EXPECT_EQ(nbest_json(answer_all(testing::windows_apart(), false, 1)),
            nbest_json(answer_all(testing::windows_apart(), false, 5)));
}

TEST(AnswerSelection, FilesWithoutQuestionsAreEmptyObjects) {
  EXPECT_EQ(predictions_json({}), "{}\n");
}

// A question about "a b c" with one window: [CLS] q [SEP] a b c [SEP], positions 0 to 6.
class OneWindow : public ::testing::Test {
 protected:
  OneWindow() {
    file_ = parse_question_file(
        R"({"data": [{"paragraphs": [{"context": "a b c", "qas": [{"id": "1", "question": "q"}]}]}]})",
        "q.json");
    windows_ = make_question_windows(file_, tokenizer_, {}, WindowPurpose::prediction, 1);
  }
  AnsweredQuestion select(const std::vector<float>& start, const std::vector<float>& end,
                          const SquadOptions& options) const {
    const WindowScores scores{start, end};
    return select_answer(file_, file_.questions[0], windows_, std::span(&scores, 1), options, tokenizer_);
  }
  static std::vector<std::string> texts(const AnsweredQuestion& answered) {
    std::vector<std::string> all;
    for (const CandidateAnswer& candidate : answered.candidates) all.push_back(candidate.text);
    return all;
  }

  Tokenizer tokenizer_ = golden_tokenizer();
  QuestionFile file_;
  std::vector<QuestionWindow> windows_;
};

TEST_F(OneWindow, EqualScoresAreTakenInOrder) {
  ASSERT_EQ(windows_[0].sequence.tokens.size(), 7u);
  const std::vector<float> even(7, 1);
  EXPECT_THAT(texts(select(even, even, {})), ElementsAre("a", "a b", "a b c", "b", "b c", "c"));
  EXPECT_THAT(texts(select(even, even, {.max_answer_length = 1})), ElementsAre("a", "b", "c"));
  // The best four positions are 0 to 3.
  EXPECT_THAT(texts(select(even, even, {.n_best_size = 4})), ElementsAre("a"));
}

TEST_F(OneWindow, ProbabilitiesAddUpToOne) {
  const auto answered = select({0, 0, 0, 1, 3, 2, 0}, {0, 0, 0, 2, 1, 3, 0}, {});
  EXPECT_THAT(texts(answered), ElementsAre("b c", "c", "b", "a b c", "a", "a b"));
  EXPECT_EQ(answered.text, "b c");
  const double sum =
      std::accumulate(answered.candidates.begin(), answered.candidates.end(), 0.0,
                      [](double total, const CandidateAnswer& answer) { return total + answer.probability; });
  EXPECT_NEAR(sum, 1, 1e-15);
  EXPECT_NEAR(answered.candidates[0].probability / answered.candidates[1].probability, std::exp(1.0), 1e-12);
}

TEST_F(OneWindow, WithoutCandidatesThereIsTheWordEmpty) {
  const auto answered = select({9, 9, 0, 0, 0, 0, 0}, {9, 9, 0, 0, 0, 0, 0}, {.n_best_size = 2});
  EXPECT_EQ(answered.text, "empty");
  ASSERT_EQ(answered.candidates.size(), 1u);
  EXPECT_EQ(answered.candidates[0].probability, 1);
  EXPECT_EQ(answered.candidates[0].score(), 0);
}

TEST_F(OneWindow, WithoutCandidatesThereIsNoAnswerInVersion2) {
  const SquadOptions options{.version_2_with_negative = true, .n_best_size = 2};
  const auto answered = select({9, 9, 0, 0, 0, 0, 0}, {9, 9, 0, 0, 0, 0, 0}, options);
  EXPECT_EQ(answered.text, "");
  EXPECT_THAT(texts(answered), ElementsAre(""));
  EXPECT_EQ(answered.null_odds, no_answer_odds);
}

TEST_F(OneWindow, TheThresholdDecidesInVersion2) {
  SquadOptions options{.version_2_with_negative = true, .n_best_size = 2};
  const std::vector<float> start = {2, 0, 0, 0, 3, 0, 0}, end = {2, 0, 0, 0, 0.5f, 0, 0};
  EXPECT_EQ(select(start, end, options).null_odds, 0.5);
  EXPECT_EQ(select(start, end, options).text, "");
  options.null_score_diff_threshold = 0.5;
  EXPECT_EQ(select(start, end, options).text, "b");
}

TEST_F(OneWindow, TheNullCandidateComesOnTop) {
  const SquadOptions options{.version_2_with_negative = true, .n_best_size = 3};
  const auto answered = select({-9, 0, 0, 3, 2, 1, 0}, {-9, 0, 0, 3, 2, 1, 0}, options);
  EXPECT_THAT(texts(answered), ElementsAre("a", "a b", "a b c", ""));
  EXPECT_EQ(answered.null_odds, -24);
}

TEST_F(OneWindow, ScoresMustBeFiniteAndComplete) {
  const std::vector<float> even(7, 1);
  std::vector<float> broken = even;
  broken[3] = NAN;
  EXPECT_THROW(select(even, broken, {}), Error);
  broken[3] = -INFINITY;
  EXPECT_THROW(select(broken, even, {}), Error);
  EXPECT_THROW(select(std::vector<float>(6), std::vector<float>(6), {}), std::logic_error);
  EXPECT_THROW(select(even, std::vector<float>(8), {}), std::logic_error);
}

TEST(AnswerSelection, AQuestionWithoutWindowsHasNoAnswer) {
  const QuestionFile file = parse_question_file(
      R"({"data": [{"paragraphs": [{"context": " ", "qas": [{"id": "1", "question": "q"}]}]}]})", "q.json");
  const Tokenizer tokenizer = golden_tokenizer();
  EXPECT_EQ(select_answer(file, file.questions[0], {}, {}, {}, tokenizer).text, "empty");
  const auto answered =
      select_answer(file, file.questions[0], {}, {}, {.version_2_with_negative = true}, tokenizer);
  EXPECT_EQ(answered.text, "");
  EXPECT_EQ(answered.candidates.size(), 1u);
}

}  // namespace
}  // namespace cloze
