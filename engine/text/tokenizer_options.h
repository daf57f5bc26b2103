#pragma once

#include <cstdint>
#include <optional>

namespace cloze {

// Whose behaviour to match where the two differ: google-research/bert's tokenization.py, or Hugging Face's
// tokenizers.
enum class TokenizerRules : uint8_t { google, huggingface };

struct TokenizerOptions {
  bool lowercase = true;
  TokenizerRules rules = TokenizerRules::google;
  std::optional<bool> strip_accents = {};  // unset: as `lowercase`
  std::optional<int> max_word_characters =
      {};                            // longer words become [UNK]; unset: 200 (google), 100 (huggingface)
  bool chinese_characters = true;    // every Chinese character is a word
  bool keep_special_tokens = false;  // "[MASK]" written in the text is one token

  bool strips_accents() const { return strip_accents.value_or(lowercase); }
  int word_limit() const { return max_word_characters.value_or(rules == TokenizerRules::google ? 200 : 100); }
  bool operator==(const TokenizerOptions&) const = default;
};

}  // namespace cloze
