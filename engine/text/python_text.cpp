#include "engine/text/python_text.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "engine/text/utf8.h"

namespace cloze {
namespace {

bool has_property(char32_t code_point, UProperty property) {
  return u_hasBinaryProperty(static_cast<UChar32>(code_point), property) != 0;
}

// The nearest character before `at`, or from `at` on, that is not case-ignorable, is a cased letter.
bool cased_before(std::string_view text, size_t at) {
  while (at > 0) {
    const CodePoint before = decode_utf8_before(text, at);
    if (before.size == 0) return false;
    if (!has_property(before.value, UCHAR_CASE_IGNORABLE)) return has_property(before.value, UCHAR_CASED);
    at -= before.size;
  }
  return false;
}
bool cased_after(std::string_view text, size_t at) {
  while (at < text.size()) {
    const CodePoint next = decode_utf8(text, at);
    if (next.size == 0) return false;
    if (!has_property(next.value, UCHAR_CASE_IGNORABLE)) return has_property(next.value, UCHAR_CASED);
    at += next.size;
  }
  return false;
}

// Lowering changes the number of code points of U+0130 alone, and looks at the neighbours of sigma alone
// (SpecialCasing.txt, without the rules of a language).
void append_lower(std::string& out, std::string_view text, size_t at, CodePoint c) {
  constexpr char32_t capital_i_with_dot = 0x130, capital_sigma = 0x3A3;
  if (c.value == capital_i_with_dot) {
    out += "i\u0307";
  } else if (c.value == capital_sigma) {
    out += cased_before(text, at) && !cased_after(text, at + c.size) ? "ς" : "σ";
  } else {
    append_utf8(out, static_cast<char32_t>(u_tolower(static_cast<UChar32>(c.value))));
  }
}

}  // namespace

bool is_python_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool is_python_word(char32_t code_point) {
  if (code_point == '_') return true;
  const auto c = static_cast<UChar32>(code_point);
  return (U_GC_L_MASK >> u_charType(c) & 1) != 0 || u_getIntPropertyValue(c, UCHAR_NUMERIC_TYPE) != U_NT_NONE;
}

std::string python_lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    if (c.size == 0) {
      out += text[at++];
      continue;
    }
    append_lower(out, text, at, c);
    at += c.size;
  }
  return out;
}

std::vector<std::string_view> python_split(std::string_view text) {
  std::vector<std::string_view> parts;
  bool in_part = false;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    if (c.size > 0 && is_python_space(c.value)) {
      if (in_part) parts.push_back(text.substr(begin, at - begin));
      in_part = false;
    } else if (!in_part) {
      in_part = true;
      begin = at;
    }
    at += std::max<uint32_t>(c.size, 1);
  }
  if (in_part) parts.push_back(text.substr(begin));
  return parts;
}

std::string_view python_strip(std::string_view text) {
  const std::vector<std::string_view> parts = python_split(text);
  if (parts.empty()) return text.substr(0, 0);
  return {parts.front().data(),
          static_cast<size_t>(parts.back().data() + parts.back().size() - parts.front().data())};
}

std::string python_collapse_spaces(std::string_view text) {
  std::string out;
  for (const std::string_view part : python_split(text)) {
    if (!out.empty()) out += ' ';
    out += part;
  }
  return out;
}

}  // namespace cloze
