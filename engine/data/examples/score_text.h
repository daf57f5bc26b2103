#pragma once

#include <optional>
#include <string_view>

namespace cloze {

// The number a label of regression spells ("3.8", "1e-2", white space around it); nothing where it is none or
// not finite.
std::optional<double> parse_score(std::string_view text);

}  // namespace cloze
