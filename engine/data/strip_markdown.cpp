#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>
#include <vector>

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

constexpr size_t longest_tag = 500, longest_entity = 12;  // bytes

// Letters, digits and whatever is not ASCII: what an underscore inside a word stands between.
bool is_word(char c) {
  return (static_cast<uint8_t>(c) & 0x80) != 0 || std::isalnum(static_cast<uint8_t>(c)) != 0;
}
bool is_space(char c) {
  return c == ' ' || c == '\t';
}

// For every '[' and '(' that is closed, where; a backslash takes the meaning from what follows it.
std::vector<size_t> match_brackets(std::string_view text) {
  std::vector<size_t> closing(text.size()), square, round;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto close = [&](std::vector<size_t>& open) {
      if (open.empty()) return;
      closing[open.back()] = i;
      open.pop_back();
    };
    switch (text[i]) {
      case '\\':
        ++i;
        break;
      case '[':
        square.push_back(i);
        break;
      case '(':
        round.push_back(i);
        break;
      case ']':
        close(square);
        break;
      case ')':
        close(round);
        break;
      default:
        break;
    }
  }
  return closing;
}

// Walks over a paragraph; every rule either consumes something and returns true, or leaves all as it was.
class Stripper {
 public:
  Stripper(std::string_view from, std::string& to) : from_(from), to_(to), closing_(match_brackets(from)) {}

  void run() {
    while (at_ < from_.size()) {
      if (leave_link()) continue;
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
  // The end of the "(target)" or "[reference]" at `at`; 0 where there is neither.
  size_t target_end(size_t at) const {
    if (at >= from_.size() || (from_[at] != '(' && from_[at] != '[') || closing_[at] == 0) return 0;
    return closing_[at] + 1;
  }
  bool image() {
    if (!from_.substr(at_).starts_with("![") || closing_[at_ + 1] == 0) return false;
    const size_t end = target_end(closing_[at_ + 1] + 1);
    if (end == 0) return false;
    at_ = end;
    return true;
  }
  bool footnote() {
    const size_t close = closing_[at_];
    if (!from_.substr(at_).starts_with("[^") || close == 0 || close - at_ > 40) return false;
    at_ = close + 1;
    return true;
  }
  // Goes on inside the text of the link; its end is left out when it is reached.
  bool link() {
    const size_t close = closing_[at_], end = close == 0 ? 0 : target_end(close + 1);
    if (end == 0) return false;
    open_links_.push_back({close, end});
    ++at_;
    return true;
  }
  bool leave_link() {
    while (!open_links_.empty() && open_links_.back().close < at_) open_links_.pop_back();
    if (open_links_.empty() || open_links_.back().close != at_) return false;
    at_ = open_links_.back().end;
    return true;
  }
  // <tag …>, </tag>, <!-- comment -->, <http://address>.
  bool tag() {
    if (at_ + 1 >= from_.size()) return false;
    const char first = from_[at_ + 1];
    if (std::isalpha(static_cast<uint8_t>(first)) == 0 && first != '/' && first != '!') return false;
    const size_t close = from_.substr(at_, longest_tag).find('>');
    if (close == std::string_view::npos) return false;
    at_ += close + 1;
    return true;
  }
  bool entity() {
    const size_t size = from_.substr(at_, longest_entity).find(';');
    if (size == std::string_view::npos) return false;
    const size_t end = at_ + size;
    const std::string_view name = from_.substr(at_ + 1, size - 1);
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

  struct OpenLink {
    size_t close, end;  // of its text, and of all of it
  };

  std::string_view from_;
  std::string& to_;
  size_t at_ = 0;
  std::vector<size_t>
      closing_;  // [bytes] where the bracket at this place is closed; 0: nowhere, or no bracket
  std::vector<OpenLink> open_links_;
};

}  // namespace

void strip_markdown(std::string_view paragraph, std::string& text) {
  Stripper(paragraph, text).run();
}

}  // namespace cloze
