#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cloze {

// One decoded code point; size 0 means that the byte at the position begins no valid UTF-8 sequence.
struct CodePoint {
  char32_t value = 0;
  uint32_t size = 0;
};

// The sequence starting at `at` (< text.size()), by the table of well-formed sequences of the Unicode
// Standard (3.9, D92): no overlong forms, no surrogates, nothing above U+10FFFF. Dropping one byte per
// failure drops exactly what Python's decode("utf-8", "ignore") drops, since a continuation byte is never
// valid on its own.
inline CodePoint decode_utf8(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) -> uint32_t { return static_cast<uint8_t>(text[at + i]); };
  const auto continues = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const size_t left = text.size() - at;
  const uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xC2) return {};
  if (lead < 0xE0) {
    if (left < 2 || !continues(1)) return {};
    return {(lead & 0x1F) << 6 | (byte(1) & 0x3F), 2};
  }
  if (lead < 0xF0) {
    if (left < 3 || !continues(1) || !continues(2)) return {};
    const char32_t value = (lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    if (value < 0x800 || (value >= 0xD800 && value < 0xE000)) return {};
    return {value, 3};
  }
  if (lead > 0xF4 || left < 4 || !continues(1) || !continues(2) || !continues(3)) return {};
  const char32_t value =
      (lead & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
  if (value < 0x10000 || value > 0x10FFFF) return {};
  return {value, 4};
}

// The code point that ends just before `end` (> 0); size 0 when the byte before `end` ends no valid sequence.
CodePoint decode_utf8_before(std::string_view text, size_t end);

void append_utf8(std::string& text, char32_t code_point);

// How many bytes of the text belong to no valid sequence: what the tokenizer drops.
size_t invalid_utf8_bytes(std::string_view text);

// How many code points a valid UTF-8 text holds.
size_t code_point_count(std::string_view text);

}  // namespace cloze
