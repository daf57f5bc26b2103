#include "engine/tasks/squad/answer_selection.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "engine/base/error.h"
#include "engine/data/ordered_pipeline.h"
#include "engine/tasks/squad/final_text.h"
#include "engine/text/python_text.h"

namespace cloze {
namespace {

bool all_finite(std::span<const float> scores) {
  return std::all_of(scores.begin(), scores.end(), [](float score) { return std::isfinite(score); });
}

void check_scores(const Question& question, const QuestionWindow& window, const WindowScores& scores) {
  if (scores.start.size() < window.sequence.tokens.size() || scores.end.size() != scores.start.size())
    throw std::logic_error("select_answer: each token of a window needs its scores");
  if (all_finite(scores.start) && all_finite(scores.end)) return;
  throw Error({.what = "a score of an answer is not a finite number",
               .why = fmt::format("in question `{}`", question.id),
               .remedy = "the model's weights may hold NaN or infinity: use an earlier checkpoint"});
}

void erase_all(std::string& text, std::string_view part) {
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at))
    text.erase(at, part.size());
}

// "steve smith" for the pieces "steve", "sm", "##ith".
std::string joined_pieces(const QuestionWindow& window, const CandidateSpan& span,
                          const Vocabulary& vocabulary) {
  std::string text;
  for (int32_t token = span.start; token <= span.end; ++token) {
    if (token > span.start) text += ' ';
    text += vocabulary.piece(window.sequence.tokens[static_cast<size_t>(token)]);
  }
  erase_all(text, " ##");
  erase_all(text, "##");
  return python_collapse_spaces(text);
}

std::string text_of(const Passage& passage, const QuestionWindow& window, const CandidateSpan& span,
                    const Tokenizer& tokenizer) {
  const WordRange words{window.word(span.start), window.word(span.end)};
  const std::string pieces = joined_pieces(window, span, tokenizer.vocabulary());
  return final_text(pieces, joined_words(passage, words), tokenizer);
}

CandidateAnswer answer_of(const CandidateSpan& span, std::string text) {
  return {.text = std::move(text), .start_score = span.start_score, .end_score = span.end_score};
}

// The best n_best_size with different texts.
std::vector<CandidateAnswer> best_answers(const Passage& passage, std::span<const QuestionWindow> windows,
                                          CandidateSpans& spans, const SquadOptions& options,
                                          const Tokenizer& tokenizer) {
  std::vector<CandidateAnswer> answers;
  std::set<std::string> seen;
  while (answers.size() < static_cast<size_t>(options.n_best_size)) {
    const std::optional<CandidateSpan> span = spans.next();
    if (!span) break;
    std::string text = span->is_null() ? "" : text_of(passage, windows[span->window], *span, tokenizer);
    if (seen.insert(text).second) answers.push_back(answer_of(*span, std::move(text)));
  }
  if (options.version_2_with_negative && !seen.contains("")) answers.push_back(answer_of(spans.null(), ""));
  if (answers.empty()) answers.push_back({.text = "empty"});
  return answers;
}

void set_probabilities(std::vector<CandidateAnswer>& answers) {
  const auto by_score = [](const auto& a, const auto& b) { return a.score() < b.score(); };
  const double greatest = std::max_element(answers.begin(), answers.end(), by_score)->score();
  double total = 0;
  for (CandidateAnswer& answer : answers) {
    answer.probability = std::exp(answer.score() - greatest);
    total += answer.probability;
  }
  for (CandidateAnswer& answer : answers) answer.probability /= total;
}

// SQuAD v2.0: an answer, unless there being none is more likely by more than the threshold.
void decide_if_any(AnsweredQuestion& answered, double null_score, const SquadOptions& options) {
  const auto best = std::find_if(answered.candidates.begin(), answered.candidates.end(),
                                 [](const CandidateAnswer& answer) { return !answer.text.empty(); });
  if (best == answered.candidates.end()) {
    answered.null_odds = no_answer_odds;
    return;
  }
  answered.null_odds = null_score - best->start_score - best->end_score;
  if (answered.null_odds <= options.null_score_diff_threshold) answered.text = best->text;
}

}  // namespace

AnsweredQuestion select_answer(const QuestionFile& file, const Question& question,
                               std::span<const QuestionWindow> windows, std::span<const WindowScores> scores,
                               const SquadOptions& options, const Tokenizer& tokenizer) {
  if (scores.size() != windows.size()) throw std::logic_error("select_answer: each window needs its scores");
  CandidateSpans spans(options);
  for (size_t i = 0; i < windows.size(); ++i) {
    check_scores(question, windows[i], scores[i]);
    spans.add_window(windows[i], scores[i]);
  }
  if (options.version_2_with_negative) spans.add_null();
  AnsweredQuestion answered{.id = question.id};
  answered.candidates = best_answers(file.passage_of(question), windows, spans, options, tokenizer);
  set_probabilities(answered.candidates);
  if (options.version_2_with_negative) {
    decide_if_any(answered, spans.null_score(), options);
  } else {
    answered.text = answered.candidates.front().text;
  }
  return answered;
}

std::vector<AnsweredQuestion> select_answers(const QuestionFile& file,
                                             std::span<const QuestionWindow> windows,
                                             std::span<const WindowScores> scores,
                                             const SquadOptions& options, const Tokenizer& tokenizer,
                                             int threads) {
  struct Job {
    size_t question = 0;
    size_t first = 0, end = 0;  // windows
    AnsweredQuestion answered;
  };
  size_t next_question = 0, next_window = 0;
  const auto claim = [&](Job& job) {
    if (next_question == file.questions.size()) return false;
    job.question = next_question++;
    job.first = next_window;
    while (next_window < windows.size() && windows[next_window].question == job.question) ++next_window;
    job.end = next_window;
    return true;
  };
  const auto work = [&](Job& job) {
    const size_t count = job.end - job.first;
    job.answered = select_answer(file, file.questions[job.question], windows.subspan(job.first, count),
                                 scores.subspan(job.first, count), options, tokenizer);
  };
  if (scores.size() != windows.size()) throw std::logic_error("select_answers: each window needs its scores");
  OrderedPipeline<Job> jobs(threads, 64 * static_cast<size_t>(std::max(1, threads)), claim, work);
  std::vector<AnsweredQuestion> answered;
  answered.reserve(file.questions.size());
  for (Job job; jobs.next(job);) answered.push_back(std::move(job.answered));
  return answered;
}

}  // namespace cloze
