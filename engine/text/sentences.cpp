#include "engine/text/sentences.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "engine/text/abbreviations.h"
#include "engine/text/utf8.h"

namespace cloze {
namespace {

bool is_space(char32_t c) {
  return c < 0x80 ? c == ' ' || (c >= '\t' && c <= '\r') : u_isUWhiteSpace(static_cast<UChar32>(c)) != 0;
}

bool is_lowercase(char32_t c) {
  return c < 0x80 ? c >= 'a' && c <= 'z' : u_islower(static_cast<UChar32>(c)) != 0;
}

bool is_digit(char32_t c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char32_t c) {
  return u_isalpha(static_cast<UChar32>(c)) != 0;
}
bool is_hiragana(char32_t c) {
  return c >= 0x3041 && c <= 0x309F;
}

// Terminators of scripts written without spaces between sentences.
bool is_wide_terminator(char32_t c) {
  return c == U'。' || c == U'！' || c == U'？' || c == U'｡' || c == U'．';
}

bool is_terminator(char32_t c) {
  if (c < 0x80) return c == '.' || c == '!' || c == '?';
  return c == U'…' || u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_S_TERM) != 0;
}

// Quotes may open or close: directly behind a terminator they close, before a letter they open.
bool is_quote(char32_t c) {
  if (c < 0x80) return c == '"' || c == '\'' || c == '*' || c == '_';  // with Markdown's emphasis
  const int8_t category = u_charType(static_cast<UChar32>(c));
  return category == U_INITIAL_PUNCTUATION || category == U_FINAL_PUNCTUATION;
}

bool is_closer(char32_t c) {
  return is_quote(c) || u_charType(static_cast<UChar32>(c)) == U_END_PUNCTUATION;
}

bool is_opener(char32_t c) {
  return is_quote(c) || u_charType(static_cast<UChar32>(c)) == U_START_PUNCTUATION;
}

// A run of terminators: where it stands, what it is made of, and where the closers behind it end.
struct Stop {
  size_t begin = 0, end = 0;
  bool single_period = false, wide = false, closed = false;
};

class Splitter {
 public:
  Splitter(std::string_view text, std::vector<std::string_view>& sentences)
      : text_(text), sentences_(sentences) {}

  void run() {
    for (size_t at = 0; at < text_.size();) {
      const CodePoint c = character(at);
      if (!is_terminator(c.value)) {
        has_word_ = has_word_ || u_isalnum(static_cast<UChar32>(c.value)) != 0;
        at += c.size;
        continue;
      }
      const Stop stop = read_stop(at);
      if (has_word_ && ends_sentence(stop)) emit(stop.end);
      at = stop.end;
    }
    emit(text_.size());
  }

 private:
  // What is not UTF-8 counts as U+FFFD, one byte at a time.
  CodePoint character(size_t at) const {
    const CodePoint decoded = decode_utf8(text_, at);
    return decoded.size == 0 ? CodePoint{0xFFFD, 1} : decoded;
  }
  CodePoint character_before(size_t end) const {
    const CodePoint decoded = decode_utf8_before(text_, end);
    return decoded.size == 0 ? CodePoint{0xFFFD, 1} : decoded;
  }

  template <typename Predicate>
  size_t skip(size_t at, Predicate&& wanted) const {
    while (at < text_.size()) {
      const CodePoint c = character(at);
      if (!wanted(c.value)) break;
      at += c.size;
    }
    return at;
  }

  Stop read_stop(size_t begin) const {
    Stop stop{.begin = begin};
    const size_t end = skip(begin, [&](char32_t c) {
      stop.wide |= is_wide_terminator(c);
      return is_terminator(c);
    });
    stop.single_period = end == begin + 1 && text_[begin] == '.';
    stop.end = skip_closers(end);
    stop.closed = stop.end != end;
    return stop;
  }

  size_t skip_closers(size_t at) const {
    for (;;) {
      const size_t behind = skip_footnote(skip(at, is_closer));
      if (behind == at) return at;
      at = behind;
    }
  }

  // "[12]", "[citation needed]", as encyclopedias put directly behind the full stop.
  size_t skip_footnote(size_t at) const {
    constexpr size_t longest = 40;
    if (at == text_.size() || text_[at] != '[') return at;
    const size_t close = text_.substr(at, longest).find(']');
    return close == std::string_view::npos ? at : at + close + 1;
  }

  // "[...]", "(?)": something left out or doubted inside a sentence.
  bool is_bracketed(const Stop& stop) const {
    return stop.closed && stop.begin > begin_ &&
           (text_[stop.begin - 1] == '[' || text_[stop.begin - 1] == '(');
  }

  bool ends_sentence(const Stop& stop) const {
    if (stop.end == text_.size()) return true;
    const char32_t next = character(stop.end).value;
    // 「はい。」と言った: a quotation that the sentence goes on with.
    if (stop.wide) return !(stop.closed && is_hiragana(next));
    if (!is_space(next) || is_bracketed(stop)) return false;
    const size_t word = skip(stop.end, is_space);
    if (word == text_.size()) return true;
    const size_t first_letter = skip(word, is_opener);
    if (first_letter < text_.size() && is_lowercase(character(first_letter).value)) return false;
    if (!stop.single_period || stop.closed) return true;
    return period_ends_sentence(stop.begin, first_letter);
  }

  // A full stop at `period`, white space, then a word at `next` that is not in lower case.
  bool period_ends_sentence(size_t period, size_t next) const {
    const std::string_view word = word_before(period);
    if (is_list_number(word, period)) return false;
    if (is_single_letter(word)) return word_at(next).size() > 1 && is_sentence_starter(word_at(next));
    const bool digit_next = next < text_.size() && is_digit(static_cast<uint8_t>(text_[next]));
    switch (abbreviation_kind(word)) {
      case AbbreviationKind::none:
        return true;
      case AbbreviationKind::before_number:
        return !digit_next;
      case AbbreviationKind::goes_on:
        return false;
      case AbbreviationKind::may_end:
        return !digit_next && is_sentence_starter(word_at(next));
    }
    return true;
  }

  // "1. Introduction": nothing but digits since the sentence began.
  bool is_list_number(std::string_view word, size_t period) const {
    return !word.empty() &&
           std::all_of(word.begin(), word.end(), [](char c) { return is_digit(static_cast<uint8_t>(c)); }) &&
           skip(begin_, is_space) + word.size() == period;
  }

  // An initial, or an abbreviation ("d. 1408", "Roe v. Wade"); now and then the last word ("So did I.", "at
  // 20 °C.").
  static bool is_single_letter(std::string_view word) {
    return !word.empty() && decode_utf8(word, 0).size == word.size() && is_letter(decode_utf8(word, 0).value);
  }

  // The letters, digits and inner full stops before `end`: "U.S", "Dr". Empty when longer than any
  // abbreviation.
  std::string_view word_before(size_t end) const {
    constexpr size_t longest = 24;
    size_t begin = end;
    while (begin > begin_) {
      const CodePoint c = character_before(begin);
      if (c.value != '.' && !is_letter(c.value) && !is_digit(c.value)) break;
      begin -= c.size;
      if (end - begin > longest) return {};
    }
    return text_.substr(begin, end - begin);
  }

  // The ASCII letters from `begin` on, as far as the longest sentence starter could go.
  std::string_view word_at(size_t begin) const {
    constexpr size_t longest = 16;
    size_t end = begin;
    while (end < text_.size() && end - begin < longest && (text_[end] | 0x20) >= 'a' &&
           (text_[end] | 0x20) <= 'z')
      ++end;
    return text_.substr(begin, end - begin);
  }

  // The sentence from begin_ to `end`, without the white space around it.
  void emit(size_t end) {
    size_t begin = skip(begin_, is_space);
    begin_ = end;
    has_word_ = false;
    while (end > begin) {
      const CodePoint last = character_before(end);
      if (!is_space(last.value)) break;
      end -= last.size;
    }
    if (begin < end) sentences_.push_back(text_.substr(begin, end - begin));
  }

  std::string_view text_;
  std::vector<std::string_view>& sentences_;
  size_t begin_ = 0;       // of the sentence being read
  bool has_word_ = false;  // it holds a letter or digit: "..." alone is no sentence
};

}  // namespace

void split_sentences(std::string_view paragraph, std::vector<std::string_view>& sentences) {
  Splitter(paragraph, sentences).run();
}

std::vector<std::string_view> split_sentences(std::string_view paragraph) {
  std::vector<std::string_view> sentences;
  split_sentences(paragraph, sentences);
  return sentences;
}

}  // namespace cloze
