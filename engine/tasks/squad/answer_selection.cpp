#include "engine/tasks/squad/answer_selection.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "engine/base/error.h"
#include "engine/tasks/squad/final_text.h"
#include "engine/text/python_text.h"

namespace cloze {
namespace {

// A start and an end in a window; both 0, at [CLS]: no answer.
struct Span {
  size_t window = 0;
  int32_t start = 0, end = 0;
  float start_score = 0, end_score = 0;
  size_t order = 0;  // tells equal scores apart: the one found first is better

  double score() const { return double{start_score} + double{end_score}; }
};

bool worse(const Span& a, const Span& b) {
  return a.score() != b.score() ? a.score() < b.score() : a.order > b.order;
}

// Positions of the greatest scores, best first; of equal ones the first.
std::vector<int32_t> best_positions(std::span<const float> scores, int count) {
  std::vector<int32_t> positions(scores.size());
  std::iota(positions.begin(), positions.end(), 0);
  const auto kept = static_cast<std::ptrdiff_t>(std::min(scores.size(), static_cast<size_t>(count)));
  std::partial_sort(positions.begin(), positions.begin() + kept, positions.end(), [&](int32_t a, int32_t b) {
    const float left = scores[static_cast<size_t>(a)], right = scores[static_cast<size_t>(b)];
    return left != right ? left > right : a < b;
  });
  positions.resize(static_cast<size_t>(kept));
  return positions;
}

void require_finite(const Question& question, const WindowScores& scores) {
  const auto finite = [](float score) { return std::isfinite(score); };
  if (std::all_of(scores.start.begin(), scores.start.end(), finite) &&
      std::all_of(scores.end.begin(), scores.end.end(), finite)) {
    return;
  }
  throw Error({.what = "a score of an answer is not a finite number",
               .why = fmt::format("in question `{}`", question.id),
               .remedy = "the model's weights may hold NaN or infinity: use an earlier checkpoint"});
}

// All spans that may be answers, and with SQuAD v2.0 the least likely null span.
class SpanCollector {
 public:
  explicit SpanCollector(const SquadOptions& options) : options_(options) {}

  void add(size_t index, const QuestionWindow& window, const WindowScores& scores) {
    const auto& [start, end] = scores;
    const Span null{index, 0, 0, start[0], end[0]};
    if (null.score() < null_score_) {
      null_score_ = null.score();
      null_ = null;
    }
    const std::vector<int32_t> ends = best_positions(end, options_.n_best_size);
    for (const int32_t first : best_positions(start, options_.n_best_size)) {
      if (!window.in_passage(first) || !window.max_context(first)) continue;
      for (const int32_t last : ends) {
        if (!window.in_passage(last) || last < first || last - first >= options_.max_answer_length) continue;
        add(Span{index, first, last, start[static_cast<size_t>(first)], end[static_cast<size_t>(last)]});
      }
    }
  }

  void add(Span span) {
    span.order = spans_.size();
    spans_.push_back(span);
  }

  const Span& null() const { return null_; }
  double null_score() const { return null_score_; }
  std::vector<Span> take() { return std::move(spans_); }

 private:
  const SquadOptions& options_;
  std::vector<Span> spans_;
  Span null_;
  double null_score_ = no_answer_odds;
};

// Gives out spans, best first, without sorting those that nobody asks for.
class BestFirst {
 public:
  explicit BestFirst(std::vector<Span> spans) : heap_(std::move(spans)) {
    std::make_heap(heap_.begin(), heap_.end(), worse);
  }
  std::optional<Span> next() {
    if (heap_.empty()) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), worse);
    const Span best = heap_.back();
    heap_.pop_back();
    return best;
  }

 private:
  std::vector<Span> heap_;
};

void erase_all(std::string& text, std::string_view part) {
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at))
    text.erase(at, part.size());
}

// "steve smith" for the pieces "steve", "sm", "##ith".
std::string joined_pieces(const QuestionWindow& window, const Span& span, const Vocabulary& vocabulary) {
  std::string text;
  for (int32_t token = span.start; token <= span.end; ++token) {
    if (token > span.start) text += ' ';
    text += vocabulary.piece(window.sequence.tokens[static_cast<size_t>(token)]);
  }
  erase_all(text, " ##");
  erase_all(text, "##");
  return python_collapse_spaces(text);
}

std::string text_of(const Passage& passage, const QuestionWindow& window, const Span& span,
                    const Tokenizer& tokenizer) {
  std::string original;
  for (int32_t word = window.word(span.start); word <= window.word(span.end); ++word) {
    if (!original.empty()) original += ' ';
    original += passage.word(static_cast<size_t>(word));
  }
  return final_text(joined_pieces(window, span, tokenizer.vocabulary()), original, tokenizer);
}

CandidateAnswer candidate(std::string text, const Span& span) {
  return {.text = std::move(text), .start_score = span.start_score, .end_score = span.end_score};
}

std::vector<CandidateAnswer> best_answers(const Passage& passage, std::span<const QuestionWindow> windows,
                                          SpanCollector& collector, const SquadOptions& options,
                                          const Tokenizer& tokenizer) {
  const Span null = collector.null();
  std::vector<CandidateAnswer> answers;
  std::set<std::string> seen;
  BestFirst spans(collector.take());
  while (answers.size() < static_cast<size_t>(options.n_best_size)) {
    const std::optional<Span> span = spans.next();
    if (!span) break;
    const bool is_null = span->start == 0;
    std::string text = is_null ? "" : text_of(passage, windows[span->window], *span, tokenizer);
    if (!seen.insert(text).second && !is_null) continue;
    answers.push_back(candidate(std::move(text), *span));
  }
  if (options.version_2_with_negative && !seen.contains("")) answers.push_back(candidate("", null));
  if (answers.empty()) answers.push_back({.text = "empty"});
  return answers;
}

void set_probabilities(std::vector<CandidateAnswer>& answers) {
  const auto by_score = [](const auto& a, const auto& b) { return a.score() < b.score(); };
  const double greatest = std::max_element(answers.begin(), answers.end(), by_score)->score();
  double total = 0;
  for (CandidateAnswer& answer : answers) total += answer.probability = std::exp(answer.score() - greatest);
  for (CandidateAnswer& answer : answers) answer.probability /= total;
}

}  // namespace

AnsweredQuestion select_answer(const QuestionFile& file, const Question& question,
                               std::span<const QuestionWindow> windows, std::span<const WindowScores> scores,
                               const SquadOptions& options, const Tokenizer& tokenizer) {
  if (scores.size() != windows.size()) throw std::logic_error("select_answer: each window needs its scores");
  SpanCollector collector(options);
  for (size_t i = 0; i < windows.size(); ++i) {
    const size_t tokens = windows[i].sequence.tokens.size();
    if (scores[i].start.size() < tokens || scores[i].end.size() != scores[i].start.size())
      throw std::logic_error("select_answer: each token of a window needs its scores");
    require_finite(question, scores[i]);
    collector.add(i, windows[i], scores[i]);
  }
  if (options.version_2_with_negative) collector.add(collector.null());
  AnsweredQuestion answered{.id = question.id};
  answered.candidates = best_answers(file.passage_of(question), windows, collector, options, tokenizer);
  set_probabilities(answered.candidates);
  if (!options.version_2_with_negative) {
    answered.text = answered.candidates.front().text;
    return answered;
  }
  const auto best = std::find_if(answered.candidates.begin(), answered.candidates.end(),
                                 [](const CandidateAnswer& answer) { return !answer.text.empty(); });
  const bool found = best != answered.candidates.end();
  answered.null_odds = found ? collector.null_score() - best->start_score - best->end_score : no_answer_odds;
  if (found && answered.null_odds <= options.null_score_diff_threshold) answered.text = best->text;
  return answered;
}

}  // namespace cloze
