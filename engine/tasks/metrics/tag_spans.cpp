#include "engine/tasks/metrics/tag_spans.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace cloze {
namespace {

struct Tag {
  char position = 'O';
  std::string_view type;
};

Tag parse(std::string_view tag) {
  constexpr std::string_view positions = "BIES";
  if (tag.size() < 2 || tag[1] != '-' || positions.find(tag[0]) == std::string_view::npos) return {};
  return {tag[0], tag.substr(2)};
}

bool goes_on(const Tag& before, const Tag& tag) {
  const bool open = before.position == 'B' || before.position == 'I';
  return open && (tag.position == 'I' || tag.position == 'E') && tag.type == before.type;
}

}  // namespace

std::vector<TagSpan> tag_spans(std::span<const std::string> tags) {
  std::vector<TagSpan> spans;
  Tag before;
  for (size_t word = 0; word < tags.size(); ++word) {
    const Tag tag = parse(tags[word]);
    if (goes_on(before, tag)) {
      spans.back().end = word + 1;
    } else if (tag.position != 'O') {
      spans.push_back({std::string(tag.type), word, word + 1});
    }
    before = tag;
  }
  return spans;
}

void SpanCounts::add(std::span<const std::string> right, std::span<const std::string> predicted) {
  if (right.size() != predicted.size()) throw std::logic_error("two taggings of a sentence differ in length");
  for (size_t word = 0; word < right.size(); ++word) correct_words_ += right[word] == predicted[word] ? 1 : 0;
  words_ += static_cast<int64_t>(right.size());

  std::vector<TagSpan> there = tag_spans(right), found = tag_spans(predicted), both;
  for (const TagSpan& span : there) ++types_[span.type].right;
  for (const TagSpan& span : found) ++types_[span.type].predicted;
  std::sort(there.begin(), there.end());
  std::sort(found.begin(), found.end());
  std::set_intersection(there.begin(), there.end(), found.begin(), found.end(), std::back_inserter(both));
  for (const TagSpan& span : both) ++types_[span.type].correct;
}

PrecisionRecall SpanCounts::overall() const {
  Counts sum;
  for (const auto& [type, counts] : types_) {
    sum.correct += counts.correct;
    sum.predicted += counts.predicted;
    sum.right += counts.right;
  }
  return precision_recall(sum.correct, sum.predicted, sum.right);
}

std::map<std::string, PrecisionRecall> SpanCounts::by_type() const {
  std::map<std::string, PrecisionRecall> scores;
  for (const auto& [type, counts] : types_) {
    scores[type] = precision_recall(counts.correct, counts.predicted, counts.right);
  }
  return scores;
}

double SpanCounts::word_accuracy() const {
  return words_ == 0 ? 0 : static_cast<double>(correct_words_) / static_cast<double>(words_);
}

}  // namespace cloze
