#include "engine/tasks/squad/squad_score.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/error.h"
#include "engine/tasks/squad/answer_match.h"

namespace cloze {
namespace {

struct QuestionScore {
  bool has_answer = false;   // by the data
  bool is_answered = false;  // by the prediction
  double exact = 0, f1 = 0;
};
using ScoreById = std::unordered_map<std::string_view, QuestionScore>;

// The better of each over all the gold answers.
QuestionScore compare(std::string_view predicted, std::span<const std::string> gold, double both_empty_f1) {
  const ComparableAnswer prediction(predicted);
  QuestionScore score{.is_answered = !predicted.empty()};
  for (const std::string& text : gold) {
    const ComparableAnswer answer(text);
    score.exact = std::max(score.exact, prediction.text == answer.text ? 1.0 : 0.0);
    score.f1 = std::max(score.f1, token_f1(prediction, answer, both_empty_f1));
  }
  return score;
}

[[noreturn]] void fail(const QuestionFile& file, const Question& question, const char* what) {
  throw Error({.what = what,
               .where = to_string(file.place_of(question)),
               .why = fmt::format("in question `{}`", question.id),
               .remedy = "score with the file that has the answers"});
}

// v2.0: answers that are nothing but articles and punctuation do not count; without any the right one is
// none.
std::vector<std::string> gold_v2(const Question& question) {
  std::vector<std::string> gold;
  for (const Answer& answer : question.answers) {
    if (!normalized_answer(answer.text).empty()) gold.push_back(answer.text);
  }
  if (gold.empty()) gold.emplace_back();
  return gold;
}

std::vector<std::string> gold_v1(const Question& question) {
  std::vector<std::string> gold;
  for (const Answer& answer : question.answers) gold.push_back(answer.text);
  return gold;
}

// Sums in the order of the file, so that rounding is the scripts' own.
struct Sum {
  double exact = 0, f1 = 0;
  int64_t total = 0;

  void add(const QuestionScore& score) {
    exact += score.exact;
    f1 += score.f1;
    ++total;
  }
  GroupScore percent() const {
    const auto count = static_cast<double>(total);
    return {100.0 * exact / count, 100.0 * f1 / count, total};
  }
  std::optional<GroupScore> percent_if_any() const {
    return total > 0 ? std::optional(percent()) : std::nullopt;
  }
};

void require_questions(const QuestionFile& file, int64_t scored) {
  if (scored > 0) return;
  throw Error({.what = "there is nothing to score",
               .where = file.path.string(),
               .why = "none of its questions has a prediction",
               .remedy = "check that the predictions are of this file"});
}

const double* find_odds(const std::unordered_map<std::string_view, double>& odds, std::string_view id) {
  const auto found = odds.find(id);
  return found == odds.end() ? nullptr : &found->second;
}

// The scores as they count once the threshold has its say.
void apply_threshold(const NullOddsRule& rule, ScoreById& scores) {
  std::unordered_map<std::string_view, double> odds;
  for (const auto& [id, value] : rule.odds) odds.emplace(id, value);
  for (auto& [id, score] : scores) {
    const double* value = find_odds(odds, id);
    if (value == nullptr) {
      throw Error({.what = fmt::format("question `{}` has a prediction, but no null odds", id),
                   .remedy = "give both files of one run"});
    }
    if (*value > rule.threshold) score.exact = score.f1 = score.has_answer ? 0 : 1;
  }
}

// Begins with no answer to any question, then lets them be answered by rising odds: an answerable one adds
// its score, an unanswerable one that was answered loses its point.
BestThreshold best_threshold(const QuestionFile& file, const ScoreById& scores, const NullOdds& odds,
                             double QuestionScore::*score) {
  auto current =
      static_cast<double>(std::count_if(file.questions.begin(), file.questions.end(),
                                        [](const Question& question) { return question.answers.empty(); }));
  double best = current, threshold = 0;
  std::vector<std::pair<double, const std::string*>> by_odds;
  for (const auto& [id, value] : odds) by_odds.emplace_back(value, &id);
  std::stable_sort(by_odds.begin(), by_odds.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [value, id] : by_odds) {
    const auto found = scores.find(*id);
    if (found == scores.end()) continue;
    const QuestionScore& question = found->second;
    current += question.has_answer ? question.*score : question.is_answered ? -1 : 0;
    if (current > best) {
      best = current;
      threshold = value;
    }
  }
  return {100.0 * best / static_cast<double>(scores.size()), threshold};
}

}  // namespace

SquadVersion squad_version(const QuestionFile& file) {
  return file.has_impossible_questions() ? SquadVersion::v2 : SquadVersion::v1;
}

SquadScore score_squad_v1(const QuestionFile& file, const PredictedAnswers& predictions) {
  SquadScore result;
  Sum sum;
  for (const Question& question : file.questions) {
    if (question.answers.empty()) fail(file, question, "a question has no answers to compare with");
    const auto found = predictions.find(question.id);
    const bool is_missing = found == predictions.end();
    if (is_missing) result.missing.push_back(question.id);
    sum.add(is_missing ? QuestionScore{} : compare(found->second, gold_v1(question), /*both_empty_f1=*/0));
  }
  require_questions(file, sum.total - static_cast<int64_t>(result.missing.size()));
  result.all = sum.percent();
  return result;
}

SquadScore score_squad_v2(const QuestionFile& file, const PredictedAnswers& predictions,
                          const std::optional<NullOddsRule>& null_odds) {
  SquadScore result;
  ScoreById scores;
  for (const Question& question : file.questions) {
    if (!question.has_answers) fail(file, question, "a question has no list of answers");
    const auto found = predictions.find(question.id);
    if (found == predictions.end()) {
      result.missing.push_back(question.id);
      continue;
    }
    QuestionScore score = compare(found->second, gold_v2(question), /*both_empty_f1=*/1);
    score.has_answer = !question.answers.empty();
    scores.emplace(question.id, score);
  }
  require_questions(file, static_cast<int64_t>(scores.size()));
  if (null_odds) {
    result.best_exact = best_threshold(file, scores, null_odds->odds, &QuestionScore::exact);
    result.best_f1 = best_threshold(file, scores, null_odds->odds, &QuestionScore::f1);
    apply_threshold(*null_odds, scores);
  }
  Sum all, with_answer, without_answer;
  for (const Question& question : file.questions) {
    const auto found = scores.find(question.id);
    if (found == scores.end()) continue;
    all.add(found->second);
    (found->second.has_answer ? with_answer : without_answer).add(found->second);
  }
  result.all = all.percent();
  result.with_answer = with_answer.percent_if_any();
  result.without_answer = without_answer.percent_if_any();
  return result;
}

PredictedAnswers predicted_answers(std::span<const AnsweredQuestion> questions) {
  PredictedAnswers answers;
  for (const AnsweredQuestion& question : questions) answers.emplace(question.id, question.text);
  return answers;
}

NullOdds null_odds(std::span<const AnsweredQuestion> questions) {
  NullOdds odds;
  for (const AnsweredQuestion& question : questions) odds.emplace_back(question.id, question.null_odds);
  return odds;
}

}  // namespace cloze
