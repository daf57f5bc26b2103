#include "engine/data/examples/column_reference.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace cloze {
namespace {

// What people call columns, in lower case.
constexpr std::array<std::string_view, 38> usual_names = {
    "category",  "class",     "comment",   "gold_label", "hypothesis",   "id",        "idx",      "index",
    "intent",    "label",     "labels",    "message",    "polarity",     "premise",   "quality",  "query",
    "question",  "question1", "question2", "rating",     "review",       "score",     "sentence", "sentence1",
    "sentence2", "sentiment", "stars",     "tag",        "tags",         "target",    "text",     "text_a",
    "text_b",    "title",     "tweet",     "utterance",  "is_duplicate", "similarity"};

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

}  // namespace

std::optional<int> column_number(std::string_view column) {
  int number = 0;
  const char* end = column.data() + column.size();
  const auto [stop, problem] = std::from_chars(column.data(), end, number);
  if (problem != std::errc() || stop != end || number == 0) return std::nullopt;
  return number;
}

std::optional<size_t> find_column(std::string_view column, std::span<const std::string> header,
                                  size_t count) {
  if (const auto number = column_number(column)) {
    const int64_t index = *number > 0 ? *number - 1 : static_cast<int64_t>(count) + *number;
    if (index < 0 || index >= static_cast<int64_t>(count)) return std::nullopt;
    return static_cast<size_t>(index);
  }
  const auto found = std::find_if(header.begin(), header.end(),
                                  [&](const std::string& name) { return trimmed(name) == column; });
  if (found == header.end()) return std::nullopt;
  return static_cast<size_t>(found - header.begin());
}

bool is_usual_column_name(std::string_view cell) {
  std::string lower(trimmed(cell));
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::find(usual_names.begin(), usual_names.end(), lower) != usual_names.end();
}

}  // namespace cloze
