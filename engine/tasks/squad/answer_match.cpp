#include "engine/tasks/squad/answer_match.h"

#include <algorithm>
#include <cstddef>

#include "engine/text/python_text.h"
#include "engine/text/utf8.h"

namespace cloze {
namespace {

bool is_ascii_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

bool is_article(std::string_view word) {
  return word == "a" || word == "an" || word == "the";
}

size_t character_size(std::string_view text, size_t at) {
  return std::max<size_t>(decode_utf8(text, at).size, 1);
}

// Puts a space for every a, an and the that stands between characters that are no letters or digits.
std::string without_articles(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && is_python_word(decode_utf8(text, end).value))
      end += character_size(text, end);
    const std::string_view word = text.substr(at, end - at);
    out += is_article(word) ? std::string_view(" ") : word;
    if (end < text.size()) out += text.substr(end, character_size(text, end));
    at = end < text.size() ? end + character_size(text, end) : end;
  }
  return out;
}

// Of two sorted lists, duplicates counted.
size_t common_words(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  size_t common = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const int order = a[i].compare(b[j]);
    common += order == 0;
    i += order <= 0;
    j += order >= 0;
  }
  return common;
}

}  // namespace

std::string normalized_answer(std::string_view text) {
  std::string lower = python_lower(text);
  std::erase_if(lower, is_ascii_punctuation);
  return python_collapse_spaces(without_articles(lower));
}

ComparableAnswer::ComparableAnswer(std::string_view answer) : text(normalized_answer(answer)) {
  for (const std::string_view word : python_split(text)) sorted_words.emplace_back(word);
  std::sort(sorted_words.begin(), sorted_words.end());
}

double token_f1(const ComparableAnswer& prediction, const ComparableAnswer& gold, double both_empty) {
  if (prediction.sorted_words.empty() && gold.sorted_words.empty()) return both_empty;
  const auto common = static_cast<double>(common_words(prediction.sorted_words, gold.sorted_words));
  if (common == 0) return 0;
  const double precision = common / static_cast<double>(prediction.sorted_words.size());
  const double recall = common / static_cast<double>(gold.sorted_words.size());
  return 2 * precision * recall / (precision + recall);
}

}  // namespace cloze
