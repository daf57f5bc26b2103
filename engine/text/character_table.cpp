#include "engine/text/character_table.h"

#include <fmt/core.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include <algorithm>
#include <map>

#include "engine/base/error.h"
#include "engine/text/unicode.h"
#include "engine/text/utf8.h"

namespace cloze {
namespace {

constexpr char32_t code_points = 0x110000;
constexpr char32_t capital_sigma = 0x3A3, small_sigma = 0x3C3, capital_i_with_dot = 0x130;

const UNormalizer2* nfd() {
  static const UNormalizer2* const normaliser = [] {
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2* instance = unorm2_getNFDInstance(&status);
    if (U_FAILURE(status)) {
      throw Error({.what = "ICU has no NFD tables",
                   .why = u_errorName(status),
                   .remedy = "install ICU's data (libicu)"});
    }
    return instance;
  }();
  return normaliser;
}

bool newer_than(char32_t code_point, uint8_t unicode_major) {
  UVersionInfo age;
  u_charAge(static_cast<UChar32>(code_point), age);
  return age[0] > unicode_major;
}

// Hugging Face's tokenizers decide categories by the tables of Unicode 8 and decompose by those of Unicode 9
// (found by putting every code point through its BertNormalizer and BertPreTokenizer): to it, later
// characters are unassigned.
constexpr uint8_t huggingface_category_version = 8, huggingface_decomposition_version = 9;

int category_of(char32_t code_point, int icu_category, TokenizerRules rules) {
  if (rules == TokenizerRules::google) return icu_category;
  switch (code_point) {  // recategorised since Unicode 8
    case 0x166D:
    case 0x111C9:
      return U_OTHER_PUNCTUATION;
    case 0x1734:
      return U_NON_SPACING_MARK;
    case 0x1885:
    case 0x1886:
      return U_OTHER_LETTER;
    case 0xA9BD:
      return U_COMBINING_SPACING_MARK;
    default:
      break;
  }
  return newer_than(code_point, huggingface_category_version) ? U_UNASSIGNED : icu_category;
}

bool is_control(char32_t code_point, int category, TokenizerRules rules) {
  if (code_point == '\t' || code_point == '\n' || code_point == '\r') return false;
  if (code_point == 0 || code_point == 0xFFFD) return true;
  if (category == U_CONTROL_CHAR || category == U_FORMAT_CHAR) return true;
  return rules == TokenizerRules::huggingface && category == U_PRIVATE_USE_CHAR;
}

// Z* in the general category, and the three control characters that count as spaces.
bool is_space(char32_t code_point, int category) {
  return code_point == '\t' || code_point == '\n' || code_point == '\r' || category == U_SPACE_SEPARATOR ||
         category == U_LINE_SEPARATOR || category == U_PARAGRAPH_SEPARATOR;
}

bool is_ascii_punctuation(char32_t c) {
  return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
}

bool is_punctuation(char32_t code_point, TokenizerRules rules) {
  if (code_point < 0x80) return is_ascii_punctuation(code_point);
  const int category = category_of(code_point, u_charType(static_cast<UChar32>(code_point)), rules);
  return (U_GC_P_MASK >> category & 1) != 0;
}

void append_lower(std::u32string& out, char32_t code_point) {
  if (code_point == capital_i_with_dot) {  // the one unconditional one-to-many lower case
    out += {U'i', U'\u0307'};
  } else {
    out += static_cast<char32_t>(u_tolower(static_cast<UChar32>(code_point)));
  }
}

void append_decomposed(std::u32string& out, char32_t code_point, TokenizerRules rules) {
  UChar buffer[32];
  UErrorCode status = U_ZERO_ERROR;
  const bool unknown =
      rules == TokenizerRules::huggingface && newer_than(code_point, huggingface_decomposition_version);
  const int32_t units =
      unknown ? -1 : unorm2_getDecomposition(nfd(), static_cast<UChar32>(code_point), buffer, 32, &status);
  if (units < 0) {
    out += code_point;
    return;
  }
  for (int32_t i = 0; i < units;) {
    UChar32 part;
    U16_NEXT(buffer, i, units, part);
    out += static_cast<char32_t>(part);
  }
}

bool is_nonspacing_mark(char32_t code_point, TokenizerRules rules) {
  return category_of(code_point, u_charType(static_cast<UChar32>(code_point)), rules) == U_NON_SPACING_MARK;
}

uint8_t combining_class(char32_t code_point, TokenizerRules rules) {
  if (rules == TokenizerRules::huggingface && newer_than(code_point, huggingface_decomposition_version))
    return 0;
  return u_getCombiningClass(static_cast<UChar32>(code_point));
}

std::u32string lowered(const std::u32string& text) {
  std::u32string out;
  for (const char32_t c : text) append_lower(out, c);
  return out;
}

std::u32string decomposed(const std::u32string& text, TokenizerRules rules) {
  std::u32string out;
  for (const char32_t c : text) append_decomposed(out, c, rules);
  return out;
}

// Lowercasing and decomposition of one code point, nonspacing marks still in. Google lowercases first,
// Hugging Face last.
std::u32string normalised(char32_t code_point, const TokenizerOptions& options) {
  std::u32string text(1, code_point);
  if (options.lowercase && options.rules == TokenizerRules::google) text = lowered(text);
  if (options.strips_accents()) text = decomposed(text, options.rules);
  if (options.lowercase && options.rules == TokenizerRules::huggingface) text = lowered(text);
  return text;
}

// A code point that normalisation leaves alone whatever the options are: most of Unicode by count, skipped
// for speed.
bool is_inert(char32_t code_point, int category) {
  return category == U_UNASSIGNED || category == U_PRIVATE_USE_CHAR || category == U_SURROGATE ||
         (code_point >= 0x3400 && code_point <= 0x9FFF) || (code_point >= 0x20000 && code_point <= 0x2F7FF);
}

}  // namespace

std::string unicode_version() {
  UVersionInfo version;
  u_getUnicodeVersion(version);
  return fmt::format("{}.{}", version[0], version[1]);
}

bool is_chinese(char32_t c, TokenizerRules rules) {
  const char32_t extension_e = rules == TokenizerRules::google ? 0x2B820 : 0x2B920;
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) ||
         (c >= extension_e && c <= 0x2CEAF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

CharacterTable::CharacterTable(const TokenizerOptions& options) : options_(options) {
  std::vector<Entry> flat(code_points);
  struct Range {
    CharacterTable* table;
    std::vector<Entry>* flat;
  } range{this, &flat};
  u_enumCharTypes(
      [](const void* context, UChar32 start, UChar32 limit, UCharCategory category) -> UBool {
        const auto* into = static_cast<const Range*>(context);
        for (UChar32 c = start; c < limit; ++c) {
          (*into->flat)[static_cast<size_t>(c)] = into->table->make_entry(static_cast<char32_t>(c), category);
        }
        return true;
      },
      &range);
  compress(flat);

  ascii_.fill(not_ascii);
  for (uint8_t byte = 0; byte < 0x80; ++byte) {
    const Character character = (*this)[byte];
    switch (character.action) {
      case CharacterAction::keep:
        ascii_[byte] = byte;
        break;
      case CharacterAction::map:
        ascii_[byte] = static_cast<uint8_t>(character.replacement[0]);
        break;
      case CharacterAction::drop:
        ascii_[byte] = ascii_drop;
        break;
      case CharacterAction::space:
        ascii_[byte] = ascii_space;
        break;
      default:
        ascii_[byte] = ascii_isolate;
        break;
    }
  }
}

CharacterTable::Entry CharacterTable::make_entry(char32_t code_point, int icu_category) {
  const TokenizerRules rules = options_.rules;
  const auto entry = [](CharacterAction action) { return Entry{.action = static_cast<uint32_t>(action)}; };
  const int category = category_of(code_point, icu_category, rules);
  if (is_control(code_point, category, rules)) return entry(CharacterAction::drop);
  if (is_space(code_point, category)) return entry(CharacterAction::space);
  const bool isolated = options_.chinese_characters && is_chinese(code_point, rules);
  if (is_inert(code_point, icu_category)) {
    return entry(isolated ? CharacterAction::isolate : CharacterAction::keep);
  }
  if (code_point == capital_sigma && options_.lowercase && rules == TokenizerRules::google) {
    return entry(CharacterAction::sigma);
  }

  std::u32string text = normalised(code_point, options_);
  bool moves = false;
  if (options_.strips_accents()) {
    std::erase_if(text, [&](char32_t c) { return is_nonspacing_mark(c, rules); });
    moves = std::any_of(text.begin(), text.end(), [&](char32_t c) { return combining_class(c, rules) != 0; });
  }
  if (text.empty()) return entry(CharacterAction::strip);
  const bool separate = isolated || (text.size() == 1 && is_punctuation(text[0], rules));
  const bool same = text.size() == 1 && text[0] == code_point;
  if (same && !moves) return entry(separate ? CharacterAction::isolate : CharacterAction::keep);

  Entry mapped = entry(moves      ? CharacterAction::reorder
                       : separate ? CharacterAction::isolate_map
                                  : CharacterAction::map);
  mapped.offset = static_cast<uint32_t>(replacements_.size());
  for (const char32_t c : text) append_utf8(replacements_, c);
  mapped.size = static_cast<uint32_t>(replacements_.size()) - mapped.offset;
  return mapped;
}

void CharacterTable::compress(const std::vector<Entry>& flat) {
  constexpr size_t block_size = size_t{1} << block_bits;
  std::map<std::string_view, uint16_t> known;  // a block's bytes -> its number
  for (size_t begin = 0; begin < flat.size(); begin += block_size) {
    const std::string_view bytes(reinterpret_cast<const char*>(&flat[begin]), block_size * sizeof(Entry));
    const auto [place, inserted] = known.emplace(bytes, static_cast<uint16_t>(known.size()));
    if (inserted) {
      entries_.insert(entries_.end(), flat.begin() + static_cast<ptrdiff_t>(begin),
                      flat.begin() + static_cast<ptrdiff_t>(begin + block_size));
    }
    block_of_.push_back(place->second);
  }
}

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
