#include "engine/data/line_reader.h"

#include <cstring>
#include <utility>

#include "engine/text/utf8.h"

namespace cloze {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Where to cut a line that is longer than `limit`: see LineReader.
size_t cut_position(std::string_view line, size_t limit) {
  const size_t space = line.substr(0, limit).find_last_of(" \t");
  if (space != std::string_view::npos && space >= limit / 2) return space + 1;
  size_t cut = limit;
  while (cut > limit - 4 && cut > 1 && (static_cast<uint8_t>(line[cut]) & 0xC0) == 0x80) --cut;
  return cut;
}

// str.isspace() of Python.
bool is_python_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

}  // namespace

LineReader::LineReader(std::function<std::string_view()> next_block, size_t longest_line)
    : next_block_(std::move(next_block)), longest_line_(longest_line) {}

bool LineReader::fill() {
  if (ended_) return false;
  buffer_.erase(0, begin_);
  searched_ -= begin_;
  begin_ = 0;
  const std::string_view block = next_block_();
  buffer_ += block;
  ended_ = block.empty();
  return !ended_;
}

std::string_view LineReader::head() {
  while (buffer_.size() < head_bytes && fill()) {
  }
  return std::string_view(buffer_).substr(0, head_bytes);
}

void LineReader::drop_mark() {
  while (buffer_.size() < byte_order_mark.size() && fill()) {
  }
  if (buffer_.starts_with(byte_order_mark)) begin_ = searched_ = byte_order_mark.size();
  started_ = true;
}

bool LineReader::next(TextLine& line) {
  if (!started_) drop_mark();
  for (;;) {
    const size_t end = buffer_.find('\n', searched_);
    const size_t length = (end == std::string::npos ? buffer_.size() : end) - begin_;
    if (length > longest_line_) {
      const size_t cut = cut_position(std::string_view(buffer_).substr(begin_), longest_line_);
      line = {std::string_view(buffer_).substr(begin_, cut), number_, true};
      begin_ += cut;
      searched_ = std::max(begin_, end == std::string::npos ? buffer_.size() : end);
      return true;
    }
    const bool last = end == std::string::npos;
    if (last) {
      searched_ = buffer_.size();
      if (fill()) continue;
      if (begin_ == buffer_.size()) return false;
    }
    line = {std::string_view(buffer_).substr(begin_, length), number_++, false};
    if (line.text.ends_with('\r')) line.text.remove_suffix(1);
    begin_ += length + (last ? 0 : 1);
    searched_ = begin_;
    return true;
  }
}

bool is_blank(std::string_view line) {
  for (size_t at = 0; at < line.size();) {
    const CodePoint point = decode_utf8(line, at);
    if (point.size != 0 && !is_python_space(point.value)) return false;
    at += point.size == 0 ? 1 : point.size;
  }
  return true;
}

}  // namespace cloze
