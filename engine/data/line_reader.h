#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cloze {

struct TextLine {
  std::string_view text;  // without the line end ("\n" or "\r\n")
  uint64_t number = 0;    // from 1
  bool cut = false;       // the line goes on in the next TextLine: it was longer than the limit
};

// Cuts a stream of bytes into lines in bounded memory. Lines end at LF; a CR before it, a byte-order mark at
// the beginning are dropped. A line longer than `longest_line` bytes comes in pieces, cut behind white space
// where there is any in the second half, else between characters.
class LineReader {
 public:
  static constexpr size_t head_bytes = 64 << 10;

  // `next_block` gives further bytes, and none at the end.
  LineReader(std::function<std::string_view()> next_block, size_t longest_line);

  // What the text begins with: its first `head_bytes` bytes, or all of it. Only before the first next().
  std::string_view head();

  void set_longest_line(size_t bytes) { longest_line_ = bytes; }

  // False at the end. The line is valid until the next call.
  bool next(TextLine& line);

 private:
  bool fill();
  void drop_mark();

  std::function<std::string_view()> next_block_;
  size_t longest_line_;
  std::string buffer_;
  size_t begin_ = 0;     // of what has not been handed out
  size_t searched_ = 0;  // no line end before this
  uint64_t number_ = 1;
  bool ended_ = false, started_ = false;
};

// Nothing but what Python's str.strip() takes off, after dropping what is not UTF-8.
bool is_blank(std::string_view line);

}  // namespace cloze
