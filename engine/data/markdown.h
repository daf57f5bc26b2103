#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cloze {

// Finds the paragraphs of running text in Markdown, line by line. Wrapped lines are joined; list items and
// quotations are paragraphs of their own; headings, rules, tables, code blocks, front matter and link
// definitions are left out.
class MarkdownParagraphs {
 public:
  static constexpr size_t longest_paragraph = 1 << 20;

  // Takes the next line. True: paragraph() is complete, to be used before the next call.
  bool add(std::string_view line, uint64_t number);
  // After the last line. True: there is a last paragraph.
  bool finish();

  // With its inline markup; strip_markdown() takes that off.
  const std::string& paragraph() const { return done_; }
  uint64_t first_line() const { return done_line_; }

 private:
  bool in_front_matter(std::string_view line);
  bool in_code(std::string_view line);
  bool close();
  void open(std::string_view text, uint64_t number);

  std::string open_, done_;
  uint64_t open_line_ = 0, done_line_ = 0;
  int open_lines_ = 0;  // joined in open_
  uint64_t lines_ = 0;
  bool front_matter_ = false;
  char fence_ = 0;  // the character of the code fence we are in, or 0
};

// The text of a paragraph: emphasis, code marks, links and images, footnote marks, tags, escapes and entities
// resolved. Appends to `text`.
void strip_markdown(std::string_view paragraph, std::string& text);

}  // namespace cloze
