#pragma once

#include <cstdint>
#include <string_view>

namespace cloze {

// What a full stop behind a word says of the sentence.
enum class AbbreviationKind : uint8_t {
  none,           // an ordinary word: the sentence ends
  goes_on,        // a title and the like, always followed by more: "Dr. Who", "e.g. this"
  before_number,  // an abbreviation only if a number follows: "No. 5"
  may_end,        // may stand last: "Inc.", "U.S.", "a.m."
};

// `word` without the full stop: "Dr", "U.S". English; case matters ("no" is a word).
AbbreviationKind abbreviation_kind(std::string_view word);

// Whether the word, capitalised, begins English sentences much more often than names: "The", "However".
bool is_sentence_starter(std::string_view word);

}  // namespace cloze
