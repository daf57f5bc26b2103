#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/text/character_table.h"

namespace cloze {

// Whether the capital sigma at byte `at` stands at the end of a word (SpecialCasing.txt, Final_Sigma), where
// its lower case is ς: a cased letter before it and none after, looking past what is case-ignorable or
// dropped, not past a space or a Chinese character.
bool is_final_sigma(const CharacterTable& table, std::string_view text, size_t at);

// A run of combining marks, from the one at byte `at` on, in canonical order and without those that are
// stripped.
struct MarkRun {
  std::string normalised;  // UTF-8
  size_t end = 0;          // byte after the run
};
MarkRun reorder_marks(const CharacterTable& table, std::string_view text, size_t at);

}  // namespace cloze
