#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/tasks/metrics/confusion.h"

namespace cloze {

// Words [begin, end) of a sentence that are one thing of a type.
struct TagSpan {
  std::string type;
  size_t begin = 0, end = 0;
  friend auto operator<=>(const TagSpan&, const TagSpan&) = default;
};

// The spans that the tags of a sentence spell, by the rules of conlleval (CoNLL-2000): tags are O or one of
// B, I, E, S with a type behind a minus. A word goes on with the span of the word before it when it is I or
// E, that one B or I, and both of one type; any other word that is not O begins a span, so that I alone
// begins one too. A tag of any other form is outside of all spans.
std::vector<TagSpan> tag_spans(std::span<const std::string> tags);

// Spans found against spans there are, over many sentences: a span is right when type, begin and end are.
class SpanCounts {
 public:
  // The right and the predicted tags of one sentence, equally many.
  void add(std::span<const std::string> right, std::span<const std::string> predicted);

  // Over all types together, and of each type.
  PrecisionRecall overall() const;
  std::map<std::string, PrecisionRecall> by_type() const;
  // Part of the words whose tag is right.
  double word_accuracy() const;

 private:
  struct Counts {
    int64_t correct = 0, predicted = 0, right = 0;
  };
  std::map<std::string, Counts> types_;
  int64_t words_ = 0, correct_words_ = 0;
};

}  // namespace cloze
