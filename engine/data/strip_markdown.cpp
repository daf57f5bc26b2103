#include <array>
#include <cctype>
#include <charconv>
#include <utility>

#include "engine/data/markdown.h"
#include "engine/text/utf8.h"

namespace cloze {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> entities = {{{"amp", "&"},
                                                                                     {"lt", "<"},
                                                                                     {"gt", ">"},
                                                                                     {"quot", "\""},
                                                                                     {"apos", "'"},
                                                                                     {"nbsp", " "},
                                                                                     {"mdash", "—"},
                                                                                     {"ndash", "–"},
                                                                                     {"hellip", "…"},
                                                                                     {"shy", ""}}};

// Letters, digits and whatever is not ASCII: what an underscore inside a word stands between.
bool is_word(char c) {
  return (static_cast<uint8_t>(c) & 0x80) != 0 || std::isalnum(static_cast<uint8_t>(c)) != 0;
}
bool is_space(char c) {
  return c == ' ' || c == '\t';
}

// Walks over a paragraph; every step_… either consumes something and returns true, or leaves all as it was.
class Stripper {
 public:
  Stripper(std::string_view from, std::string& to) : from_(from), to_(to) {}

  void run() {
    while (at_ < from_.size()) {
      const bool consumed = [&] {
        switch (from_[at_]) {
          case '\\':
            return escape();
          case '`':
            return marks('`', true);
          case '*':
            return marks('*', !is_space(before()) || !is_space(after_run('*')));
          case '_':
            return marks('_', !(is_word(before()) && is_word(after_run('_'))));
          case '~':
            return from_.substr(at_).starts_with("~~") && marks('~', true);
          case '!':
            return image();
          case '[':
            return footnote() || link();
          case '<':
            return tag();
          case '&':
            return entity();
          default:
            return false;
        }
      }();
      if (!consumed) to_ += from_[at_++];
    }
  }

 private:
  char before() const { return at_ == 0 ? ' ' : from_[at_ - 1]; }
  char after_run(char mark) const {
    const size_t end = from_.find_first_not_of(mark, at_);
    return end == std::string_view::npos ? ' ' : from_[end];
  }

  bool escape() {
    if (at_ + 1 >= from_.size() || std::ispunct(static_cast<uint8_t>(from_[at_ + 1])) == 0) return false;
    to_ += from_[at_ + 1];
    at_ += 2;
    return true;
  }
  // Drops a run of `mark`, or keeps it whole.
  bool marks(char mark, bool drop) {
    const size_t end = std::min(from_.find_first_not_of(mark, at_), from_.size());
    if (!drop) to_ += from_.substr(at_, end - at_);
    at_ = end;
    return true;
  }
  // Of the bracket that closes the one at `open`, nesting counted; npos where there is none near.
  size_t closing(size_t open, char left, char right) const {
    constexpr size_t farthest = 2000;
    int depth = 0;
    for (size_t i = open; i < std::min(from_.size(), open + farthest); ++i) {
      if (from_[i] == '\\') {
        ++i;
      } else if (from_[i] == left) {
        ++depth;
      } else if (from_[i] == right && --depth == 0) {
        return i;
      }
    }
    return std::string_view::npos;
  }
  // The end of "(target)" or "[reference]" at `at`; 0 where there is neither.
  size_t target_end(size_t at) const {
    if (at >= from_.size()) return 0;
    size_t close = std::string_view::npos;
    if (from_[at] == '(') close = closing(at, '(', ')');
    if (from_[at] == '[') close = closing(at, '[', ']');
    return close == std::string_view::npos ? 0 : close + 1;
  }
  bool image() {
    if (!from_.substr(at_).starts_with("![")) return false;
    const size_t close = closing(at_ + 1, '[', ']');
    const size_t end = close == std::string_view::npos ? 0 : target_end(close + 1);
    if (end == 0) return false;
    at_ = end;
    return true;
  }
  bool footnote() {
    if (!from_.substr(at_).starts_with("[^")) return false;
    const size_t close = from_.find(']', at_);
    if (close == std::string_view::npos || close - at_ > 40) return false;
    at_ = close + 1;
    return true;
  }
  bool link() {
    const size_t close = closing(at_, '[', ']');
    const size_t end = close == std::string_view::npos ? 0 : target_end(close + 1);
    if (end == 0) return false;
    strip_markdown(from_.substr(at_ + 1, close - at_ - 1), to_);
    at_ = end;
    return true;
  }
  // <tag …>, </tag>, <!-- comment -->, <http://address>.
  bool tag() {
    if (at_ + 1 >= from_.size()) return false;
    const char first = from_[at_ + 1];
    if (std::isalpha(static_cast<uint8_t>(first)) == 0 && first != '/' && first != '!') return false;
    const size_t close = from_.find('>', at_);
    if (close == std::string_view::npos || close - at_ > 500) return false;
    at_ = close + 1;
    return true;
  }
  bool entity() {
    const size_t end = from_.find(';', at_);
    if (end == std::string_view::npos || end - at_ > 10) return false;
    const std::string_view name = from_.substr(at_ + 1, end - at_ - 1);
    if (name.starts_with('#')) {
      const bool hexadecimal = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
      const char* first = name.data() + (hexadecimal ? 2 : 1);
      uint32_t code = 0;
      const auto [stop, problem] =
          std::from_chars(first, name.data() + name.size(), code, hexadecimal ? 16 : 10);
      const bool surrogate = code >= 0xD800 && code < 0xE000;
      if (problem != std::errc() || stop != name.data() + name.size() || code == 0 || code > 0x10FFFF ||
          surrogate) {
        return false;
      }
      append_utf8(to_, code);
      at_ = end + 1;
      return true;
    }
    for (const auto& [known, text] : entities) {
      if (name != known) continue;
      to_ += text;
      at_ = end + 1;
      return true;
    }
    return false;
  }

  std::string_view from_;
  std::string& to_;
  size_t at_ = 0;
};

}  // namespace

void strip_markdown(std::string_view paragraph, std::string& text) {
  Stripper(paragraph, text).run();
}

}  // namespace cloze
