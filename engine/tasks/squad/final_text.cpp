#include "engine/tasks/squad/final_text.h"

#include <algorithm>
#include <cstddef>

#include "engine/text/utf8.h"

namespace cloze {
namespace {

std::string basic_tokens(std::string_view text, const Tokenizer& tokenizer) {
  std::string joined;
  for (const Word& word : tokenizer.words(text)) {
    if (!joined.empty()) joined += ' ';
    joined += word.text;
  }
  return joined;
}

bool begins_character(char c) {
  return (static_cast<uint8_t>(c) & 0xC0) != 0x80;
}
// Characters are told apart by U+0020 alone; other white space counts.
bool begins_visible(char c) {
  return c != ' ' && begins_character(c);
}

size_t visible_characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), begins_visible));
}

// The byte where the visible character with this number begins; there must be one.
size_t byte_of_visible(std::string_view text, size_t number) {
  size_t at = 0;
  for (;; ++at) {
    if (begins_visible(text[at]) && number-- == 0) return at;
  }
}

}  // namespace

std::string final_text(std::string_view predicted, std::string_view original, const Tokenizer& tokenizer) {
  const std::string whole(original);
  const std::string tokens = basic_tokens(original, tokenizer);
  const size_t found = tokens.find(predicted);
  if (found == std::string::npos || predicted.empty()) return whole;
  if (predicted.front() == ' ' || predicted.back() == ' ') return whole;  // no character to lay against
  if (visible_characters(tokens) != visible_characters(original)) return whole;

  const std::string_view before = std::string_view(tokens).substr(0, found);
  const size_t first = visible_characters(before);
  const size_t last = first + visible_characters(predicted) - 1;
  const size_t begin = byte_of_visible(original, first);
  const size_t end = byte_of_visible(original, last);
  return whole.substr(begin, end + decode_utf8(original, end).size - begin);
}

}  // namespace cloze
