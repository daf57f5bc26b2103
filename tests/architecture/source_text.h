#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cloze::architecture {

enum class Strings { keep, blank };

// C++ text with comments, and string and character literals if asked, turned into spaces; lines stay where
// they are.
std::string code_of(std::string_view source, Strings strings);

struct Include {
  std::string target;  // between the quotes or the angle brackets
  bool quoted = false;
  int line = 0;
};
std::vector<Include> includes_of(std::string_view source);

std::vector<std::string_view> lines_of(std::string_view text);

}  // namespace cloze::architecture
