#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/text/tokenizer.h"

namespace cloze {

// What a Hugging Face folder says of its tokenizer: vocab.txt and tokenizer_config.json, or tokenizer.json.
struct HuggingfaceTokenizer {
  std::string vocabulary;  // the bytes of vocab.txt
  TokenizerOptions options;
  int64_t max_length = 512;     // model_max_length: in tokens, [CLS] and [SEP] included
  std::string unicode_version = {};  // of the tables the model was trained with; empty where nobody wrote it down
};

// The text of tokenizer_config.json. `cloze_*` keys hold what transformers has no words for: the rules (Google's or
// Hugging Face's), the word limit, the Unicode version.
std::string tokenizer_config_text(const HuggingfaceTokenizer& tokenizer);

// Reads vocab.txt and tokenizer_config.json; where transformers left only its tokenizer.json, the vocabulary comes from
// there. Without `cloze_rules` the rules are Hugging Face's, and what is not said has transformers' defaults.
// Throws Error where the folder has no WordPiece vocabulary.
HuggingfaceTokenizer read_huggingface_tokenizer(const std::filesystem::path& folder);

}  // namespace cloze
