#include "engine/text/character_context.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "engine/text/unicode.h"
#include "engine/text/utf8.h"

namespace cloze {
namespace {

// What a neighbour says of a capital sigma: nothing (look further), a cased letter, or anything else.
enum class SigmaContext : uint8_t { look_further, cased, other };

SigmaContext sigma_context(const CharacterTable& table, CodePoint neighbour) {
  if (neighbour.size == 0) return SigmaContext::look_further;  // an invalid byte is dropped
  const CharacterAction action = table[neighbour.value].action;
  const auto code_point = static_cast<UChar32>(neighbour.value);
  if (action == CharacterAction::drop) return SigmaContext::look_further;
  if (action == CharacterAction::space) return SigmaContext::other;
  if (table.options().chinese_characters && is_chinese(neighbour.value, table.options().rules)) {
    return SigmaContext::other;
  }
  if (u_hasBinaryProperty(code_point, UCHAR_CASE_IGNORABLE)) return SigmaContext::look_further;
  return u_hasBinaryProperty(code_point, UCHAR_CASED) ? SigmaContext::cased : SigmaContext::other;
}

}  // namespace

bool is_final_sigma(const CharacterTable& table, std::string_view text, size_t at) {
  SigmaContext before = SigmaContext::look_further;
  for (size_t end = at; end > 0 && before == SigmaContext::look_further;) {
    const CodePoint neighbour = decode_utf8_before(text, end);
    before = sigma_context(table, neighbour);
    end -= std::max<uint32_t>(neighbour.size, 1);
  }
  if (before != SigmaContext::cased) return false;

  SigmaContext after = SigmaContext::look_further;
  for (size_t begin = at + 2; begin < text.size() && after == SigmaContext::look_further;) {
    const CodePoint neighbour = decode_utf8(text, begin);
    after = sigma_context(table, neighbour);
    begin += std::max<uint32_t>(neighbour.size, 1);
  }
  return after != SigmaContext::cased;
}

MarkRun reorder_marks(const CharacterTable& table, std::string_view text, size_t at) {
  const TokenizerOptions& options = table.options();
  std::u32string run;
  size_t end = at;
  while (end < text.size()) {
    const CodePoint next = decode_utf8(text, end);
    if (next.size != 0 && table[next.value].action != CharacterAction::drop) {
      const std::u32string parts = normalised(next.value, options);
      if (!run.empty() && combining_class(parts[0], options.rules) == 0) break;
      run += parts;
    }
    end += std::max<uint32_t>(next.size, 1);
  }

  // Canonical ordering (Unicode Standard 3.11, D109): each stretch of nonzero classes is sorted, stably.
  const auto moves = [&](char32_t c) { return combining_class(c, options.rules) != 0; };
  for (auto first = std::find_if(run.begin(), run.end(), moves); first != run.end();) {
    const auto last = std::find_if_not(first, run.end(), moves);
    std::stable_sort(first, last, [&](char32_t a, char32_t b) {
      return combining_class(a, options.rules) < combining_class(b, options.rules);
    });
    first = std::find_if(last, run.end(), moves);
  }
  MarkRun result{.end = end};
  for (const char32_t c : run) {
    if (!is_nonspacing_mark(c, options.rules)) append_utf8(result.normalised, c);
  }
  return result;
}

}  // namespace cloze
