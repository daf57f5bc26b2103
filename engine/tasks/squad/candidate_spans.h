#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/data/squad/question_windows.h"
#include "engine/data/squad/squad_options.h"

namespace cloze {

// What the model says of each token of a window: that the answer starts there, that it ends there. Both spans
// are as long, at least the window's tokens; positions behind those (padding, in a rectangular batch) compete
// for a place among the best and are then passed over, as in run_squad.py.
struct WindowScores {
  std::span<const float> start, end;
};

// A start and an end in a window of a question; both 0, at [CLS]: there is no answer.
struct CandidateSpan {
  size_t window = 0;
  int32_t start = 0, end = 0;
  float start_score = 0, end_score = 0;
  size_t order = 0;  // tells equal scores apart: the one found first is better

  bool is_null() const { return start == 0; }
  double score() const { return double{start_score} + double{end_score}; }
};

// The spans of a question's windows that may be its answer: both ends among the n_best_size of the window, in
// the passage, the start where no other window shows more around it, no longer than max_answer_length. They
// come out best first; only as much is sorted as is taken.
class CandidateSpans {
 public:
  explicit CandidateSpans(const SquadOptions& options) : options_(options) {}

  // The windows in their order, then next().
  void add_window(const QuestionWindow& window, const WindowScores& scores);
  // The span that says that there is no answer: the least likely one of the windows.
  void add_null() { add(null_); }
  std::optional<CandidateSpan> next();

  const CandidateSpan& null() const { return null_; }
  // Its score, 1,000,000 where there is no window.
  double null_score() const { return null_score_; }

 private:
  void add(CandidateSpan span);

  const SquadOptions& options_;
  size_t windows_ = 0;
  std::vector<CandidateSpan> spans_;
  bool is_heap_ = false;
  CandidateSpan null_;
  double null_score_ = 1'000'000;
};

}  // namespace cloze
