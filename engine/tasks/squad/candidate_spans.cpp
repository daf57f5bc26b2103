#include "engine/tasks/squad/candidate_spans.h"

#include <algorithm>
#include <numeric>

namespace cloze {
namespace {

bool is_worse(const CandidateSpan& a, const CandidateSpan& b) {
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

}  // namespace

void CandidateSpans::add_window(const QuestionWindow& window, const WindowScores& scores) {
  const auto& [start, end] = scores;
  const CandidateSpan null{windows_, 0, 0, start[0], end[0]};
  if (null.score() < null_score_) {
    null_score_ = null.score();
    null_ = null;
  }
  const std::vector<int32_t> ends = best_positions(end, options_.n_best_size);
  for (const int32_t first : best_positions(start, options_.n_best_size)) {
    if (!window.in_passage(first) || !window.max_context(first)) continue;
    for (const int32_t last : ends) {
      if (!window.in_passage(last) || last < first || last - first >= options_.max_answer_length) continue;
      add({windows_, first, last, start[static_cast<size_t>(first)], end[static_cast<size_t>(last)]});
    }
  }
  ++windows_;
}

void CandidateSpans::add(CandidateSpan span) {
  span.order = spans_.size();
  spans_.push_back(span);
}

std::optional<CandidateSpan> CandidateSpans::next() {
  if (!is_heap_) std::make_heap(spans_.begin(), spans_.end(), is_worse);
  is_heap_ = true;
  if (spans_.empty()) return std::nullopt;
  std::pop_heap(spans_.begin(), spans_.end(), is_worse);
  const CandidateSpan best = spans_.back();
  spans_.pop_back();
  return best;
}

}  // namespace cloze
