#pragma once

#include <cstdint>
#include <string>

#include "engine/text/tokenizer_options.h"

namespace cloze {

// The Unicode version of the tables in use (ICU's), as "15.0". Newer versions know more marks, letters and
// punctuation, so a model trained under one version may see other tokens for such characters under another.
std::string unicode_version();

// What BERT's two implementations ask of a code point. `category` is a general category as ICU numbers them
// (UCharCategory), by the given rules: Hugging Face's tables are older than ICU's.
int category_of(char32_t code_point, TokenizerRules rules);
bool is_control(char32_t code_point, int category, TokenizerRules rules);
bool is_space(char32_t code_point, int category);
bool is_punctuation(char32_t code_point, TokenizerRules rules);
bool is_nonspacing_mark(char32_t code_point, TokenizerRules rules);

// The code points BERT puts spaces around: CJK ideographs, neither kana nor Hangul. Hugging Face's list has
// 2B920 where Google's has 2B820.
bool is_chinese(char32_t code_point, TokenizerRules rules);

// The canonical combining class: 0 for what canonical ordering leaves in place.
uint8_t combining_class(char32_t code_point, TokenizerRules rules);

// Lowercasing and decomposition of one code point, as the options ask; nonspacing marks are still in. Google
// lowercases first, Hugging Face last.
std::u32string normalised(char32_t code_point, const TokenizerOptions& options);

}  // namespace cloze
