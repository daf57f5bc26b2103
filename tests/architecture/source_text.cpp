#include "tests/architecture/source_text.h"

#include <algorithm>

namespace cloze::architecture {
namespace {

size_t end_of(std::string_view source, size_t from, std::string_view terminator) {
  const size_t found = source.find(terminator, from);
  return found == std::string_view::npos ? source.size() : found + terminator.size();
}

// Past the literal that starts at `begin` with a quotation mark or an apostrophe.
size_t end_of_literal(std::string_view source, size_t begin) {
  const bool raw = source[begin] == '"' && begin > 0 && source[begin - 1] == 'R';
  if (raw) {
    const size_t parenthesis = source.find('(', begin);
    if (parenthesis == std::string_view::npos) return source.size();
    const std::string delimiter(source.substr(begin + 1, parenthesis - begin - 1));
    return end_of(source, parenthesis, ")" + delimiter + "\"");
  }
  for (size_t i = begin + 1; i < source.size() && source[i] != '\n'; ++i) {
    if (source[i] == '\\') {
      ++i;
    } else if (source[i] == source[begin]) {
      return i + 1;
    }
  }
  return begin + 1;
}

bool is_digit_separator(std::string_view source, size_t at) {
  const auto is_word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  return source[at] == '\'' && at > 0 && is_word(source[at - 1]) && at + 1 < source.size() &&
         is_word(source[at + 1]);
}

}  // namespace

std::string code_of(std::string_view source, Strings strings) {
  std::string code(source);
  const auto blank = [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) code[i] = code[i] == '\n' ? '\n' : ' ';
  };
  for (size_t i = 0; i < source.size();) {
    size_t end = i + 1;
    if (source.substr(i, 2) == "//") {
      end = std::min(source.find('\n', i), source.size());
      blank(i, end);
    } else if (source.substr(i, 2) == "/*") {
      end = end_of(source, i + 2, "*/");
      blank(i, end);
    } else if ((source[i] == '"' || source[i] == '\'') && !is_digit_separator(source, i)) {
      end = end_of_literal(source, i);
      if (strings == Strings::blank) blank(i, end);
    }
    i = end;
  }
  return code;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<Include> includes_of(std::string_view source) {
  const std::string code = code_of(source, Strings::keep);
  std::vector<Include> includes;
  int number = 0;
  for (std::string_view line : lines_of(code)) {
    ++number;
    const auto skip_spaces = [&] {
      line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    };
    skip_spaces();
    if (!line.starts_with('#')) continue;
    line.remove_prefix(1);
    skip_spaces();
    if (!line.starts_with("include")) continue;
    line.remove_prefix(7);
    skip_spaces();
    if (line.empty() || (line[0] != '"' && line[0] != '<')) continue;
    const size_t end = line.find(line[0] == '"' ? '"' : '>', 1);
    if (end != std::string_view::npos)
      includes.push_back({std::string(line.substr(1, end - 1)), line[0] == '"', number});
  }
  return includes;
}

}  // namespace cloze::architecture
