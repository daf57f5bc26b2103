#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cloze {

// The optimal-string-alignment distance (insert, delete, replace, swap two neighbours; Damerau 1964) in
// bytes.
size_t edit_distance(std::string_view a, std::string_view b);

// The candidate that `word` was probably meant to be: the closest one, ignoring case and `-` against `_`, if
// it lies within a third of the word's length (and at least one edit); the first of several equally close.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace cloze
