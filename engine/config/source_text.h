#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/config/mistakes.h"

namespace cloze {

// The text of a YAML document, known to be UTF-8 without control characters, a leading byte-order mark taken
// off.
class SourceText {
 public:
  // Throws UsageError for any other text.
  SourceText(std::string_view text, std::shared_ptr<const Source> source);

  std::string_view text() const { return text_; }
  const std::shared_ptr<const Source>& source() const { return source_; }

  // Throws a UsageError: file:line:column, `why` and the line's text. Line and column count from 0.
  [[noreturn]] void fail(int line, int column, const std::string& why) const;

 private:
  std::string_view line_text(int line) const;

  std::string_view text_;
  std::shared_ptr<const Source> source_;
};

}  // namespace cloze
