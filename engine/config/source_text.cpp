#include "engine/config/source_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "engine/base/error.h"

namespace cloze {
namespace {

// The length of the UTF-8 sequence at the front of `text`, or 0 where there is none (Unicode 15, table 3-7).
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  const auto continues = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const uint8_t first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F))
      return 0;  // overlong; surrogates
    return continues(1) && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
      return 0;  // overlong; above U+10FFFF
    return continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

// For showing a line that may hold anything: what is not text becomes `?`.
std::string printable(std::string_view text) {
  constexpr size_t longest = 200;
  std::string shown;
  for (size_t i = 0; i < text.size() && shown.size() < longest;) {
    const size_t length = utf8_length(text.substr(i));
    const bool control = static_cast<uint8_t>(text[i]) < 0x20 && text[i] != '\t';
    shown += length == 0 || control ? "?" : text.substr(i, length);
    i += std::max<size_t>(length, 1);
  }
  return shown;
}

}  // namespace

SourceText::SourceText(std::string_view text, std::shared_ptr<const Source> source)
    : text_(text), source_(std::move(source)) {
  if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  int line = 0, column = 0;
  for (size_t i = 0; i < text_.size();) {
    const size_t length = utf8_length(text_.substr(i));
    const auto byte = static_cast<uint8_t>(text_[i]);
    if (length == 0)
      fail(line, column, fmt::format("byte 0x{:02X} is not UTF-8; save the file as UTF-8", byte));
    // yaml-cpp would take some of these as the end of the text.
    if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') {
      fail(line, column, fmt::format("control character 0x{:02X}", byte));
    }
    ++column;
    if (byte == '\n') {
      ++line;
      column = 0;
    }
    i += length;
  }
}

std::string_view SourceText::line_text(int line) const {
  size_t start = 0;
  for (int i = 0; i < line; ++i) {
    const size_t end = text_.find('\n', start);
    if (end == std::string_view::npos) return {};
    start = end + 1;
  }
  std::string_view found = text_.substr(start, text_.find('\n', start) - start);
  if (found.ends_with('\r')) found.remove_suffix(1);
  return found;
}

void SourceText::fail(int line, int column, const std::string& why) const {
  line = std::max(line, 0);
  column = std::max(column, 0);
  const std::string_view found = line_text(line);
  const std::string_view indentation =
      found.substr(0, std::min(found.find_first_not_of(" \t"), found.size()));
  const bool tabs = indentation.find('\t') != std::string_view::npos;
  const std::string shown = found.empty() ? "" : fmt::format("; the line reads: {}", printable(found));
  const std::string position = source_->has_lines ? fmt::format(":{}:{}", line + 1, column + 1) : "";
  throw UsageError({.what = "this is not valid YAML",
                    .where = source_->name + position,
                    .why = why + shown,
                    .remedy = tabs ? "indent with spaces: YAML takes no tabs there" : ""});
}

}  // namespace cloze
