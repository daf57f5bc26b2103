#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cloze {

// What Python's str does with Unicode text, for rules that are stated in Python. Texts are UTF-8; bytes that
// are not are kept as they stand.

// str.isspace: what str.split() and str.strip() take for white space. The bidirectional classes WS, B and S,
// and the category Zs.
bool is_python_space(char32_t code_point);

// `\w` of Python's re: letters, whatever has a numeric value, and '_'.
bool is_python_word(char32_t code_point);

// str.lower(): full case mapping, with the rule of the final sigma.
std::string python_lower(std::string_view text);

std::string_view python_strip(std::string_view text);
std::vector<std::string_view> python_split(std::string_view text);

// " ".join(text.split())
std::string python_collapse_spaces(std::string_view text);

}  // namespace cloze
