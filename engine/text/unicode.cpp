#include "engine/text/unicode.h"

#include <fmt/core.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include "engine/base/error.h"

namespace cloze {
namespace {

constexpr char32_t capital_i_with_dot = 0x130;

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

bool is_ascii_punctuation(char32_t c) {
  return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
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

int category_of(char32_t code_point, TokenizerRules rules) {
  const int newest = u_charType(static_cast<UChar32>(code_point));
  if (rules == TokenizerRules::google) return newest;
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
  return newer_than(code_point, huggingface_category_version) ? U_UNASSIGNED : newest;
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

bool is_punctuation(char32_t code_point, TokenizerRules rules) {
  if (code_point < 0x80) return is_ascii_punctuation(code_point);
  return (U_GC_P_MASK >> category_of(code_point, rules) & 1) != 0;
}

bool is_nonspacing_mark(char32_t code_point, TokenizerRules rules) {
  return category_of(code_point, rules) == U_NON_SPACING_MARK;
}

uint8_t combining_class(char32_t code_point, TokenizerRules rules) {
  const bool unknown =
      rules == TokenizerRules::huggingface && newer_than(code_point, huggingface_decomposition_version);
  return unknown ? 0 : u_getCombiningClass(static_cast<UChar32>(code_point));
}

std::u32string normalised(char32_t code_point, const TokenizerOptions& options) {
  std::u32string text(1, code_point);
  if (options.lowercase && options.rules == TokenizerRules::google) text = lowered(text);
  if (options.strips_accents()) text = decomposed(text, options.rules);
  if (options.lowercase && options.rules == TokenizerRules::huggingface) text = lowered(text);
  return text;
}

}  // namespace cloze
