#include "engine/data/markdown.h"

#include <algorithm>
#include <cctype>

namespace cloze {
namespace {

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// "# x" up to "###### x", or the marks alone.
bool is_heading(std::string_view line) {
  const size_t marks = std::min(line.find_first_not_of('#'), line.size());
  return marks >= 1 && marks <= 6 && (marks == line.size() || line[marks] == ' ' || line[marks] == '\t');
}

// Three or more of one of "-*_", spaces between them allowed.
bool is_rule(std::string_view line) {
  const char mark = line[0];
  if (mark != '-' && mark != '*' && mark != '_') return false;
  const auto marks = std::count(line.begin(), line.end(), mark);
  const auto spaces = std::count(line.begin(), line.end(), ' ');
  return marks >= 3 && static_cast<size_t>(marks + spaces) == line.size();
}

// The underline that makes the line above a heading.
bool is_underline(std::string_view line) {
  return (line[0] == '=' || line[0] == '-') && line.find_first_not_of(line[0]) == std::string_view::npos;
}

bool is_link_definition(std::string_view line) {
  if (line[0] != '[') return false;
  const size_t close = line.find("]:");
  return close != std::string_view::npos && close > 1 && line.find(']') == close;
}

// Bytes of a list marker with the space behind it ("- ", "12. "), or 0.
size_t list_marker(std::string_view line) {
  size_t size = 0;
  if (line[0] == '-' || line[0] == '*' || line[0] == '+') {
    size = 1;
  } else {
    while (size < line.size() && size < 3 && line[size] >= '0' && line[size] <= '9') ++size;
    if (size == 0 || size >= line.size() || (line[size] != '.' && line[size] != ')')) return 0;
    ++size;
  }
  return size < line.size() && line[size] == ' ' ? size + 1 : 0;
}

std::string_view without_quotation_marks(std::string_view line) {
  while (line.starts_with('>')) line = trim(line.substr(1));
  return line;
}

bool looks_like_front_matter(std::string_view line) {
  if (line.empty() || line[0] == ' ' || line[0] == '\t' || line[0] == '#' || line.starts_with("- "))
    return true;
  const size_t colon = line.find(':');
  return colon != std::string_view::npos && line.substr(0, colon).find(' ') == std::string_view::npos;
}

}  // namespace

bool MarkdownParagraphs::in_front_matter(std::string_view line) {
  if (lines_ == 1 && line == "---") return front_matter_ = true;
  if (!front_matter_) return false;
  if (line == "---" || line == "...") {
    front_matter_ = false;
    return true;
  }
  return front_matter_ = looks_like_front_matter(line);
}

bool MarkdownParagraphs::in_code(std::string_view line) {
  const bool fence = line.starts_with("```") || line.starts_with("~~~");
  if (fence_ == 0) {
    if (fence) fence_ = line[0];
    return fence;
  }
  if (fence && line[0] == fence_ && line.find_first_not_of(fence_) == std::string_view::npos) fence_ = 0;
  return true;
}

bool MarkdownParagraphs::close() {
  done_.swap(open_);
  done_line_ = open_line_;
  open_.clear();
  open_lines_ = 0;
  return !done_.empty();
}

void MarkdownParagraphs::open(std::string_view text, uint64_t number) {
  if (text.ends_with('\\')) text.remove_suffix(1);  // a hard line break
  if (open_.empty()) {
    open_line_ = number;
  } else {
    open_ += ' ';
  }
  open_ += text;
  ++open_lines_;
}

bool MarkdownParagraphs::add(std::string_view raw, uint64_t number) {
  ++lines_;
  const std::string_view trimmed = trim(raw);
  if (in_front_matter(raw)) return false;
  if (in_code(trimmed)) return close();
  const std::string_view line = without_quotation_marks(trimmed);
  if (line.empty() || is_heading(line) || line[0] == '|' || is_link_definition(line)) return close();
  if (is_underline(line) && open_lines_ == 1 && open_.size() < 200) {
    close();  // it was a heading
    return false;
  }
  if (is_rule(line)) return close();
  if (const size_t marker = list_marker(line); marker > 0) {
    const bool complete = close();
    open(trim(line.substr(marker)), number);
    return complete;
  }
  const bool complete = open_.size() + line.size() > longest_paragraph && close();
  open(line, number);
  return complete;
}

bool MarkdownParagraphs::finish() {
  return close();
}

}  // namespace cloze
