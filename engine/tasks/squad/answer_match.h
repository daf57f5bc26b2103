#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cloze {

// How SQuAD's official evaluation scripts compare two answers (Rajpurkar et al. 2016, section 6.1).

// An answer without what does not count: lowercased, ASCII punctuation removed, then the words a, an and the,
// words joined by single spaces.
std::string normalized_answer(std::string_view text);

// An answer, normalised, and the words of it.
struct ComparableAnswer {
  explicit ComparableAnswer(std::string_view answer);

  std::string text;
  std::vector<std::string> sorted_words;
};

// The harmonic mean of precision and recall of the prediction's words, taken as multisets; 0 without a common
// word. Two answers without words score `both_empty`: 1 by SQuAD v2.0's script, 0 by v1.1's.
double token_f1(const ComparableAnswer& prediction, const ComparableAnswer& gold, double both_empty);

}  // namespace cloze
