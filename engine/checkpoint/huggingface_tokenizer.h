#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "engine/text/tokenizer_options.h"
#include "engine/text/vocabulary.h"

namespace cloze {

// What a Hugging Face folder says of its tokenizer: vocab.txt and tokenizer_config.json, or tokenizer.json.
struct HuggingfaceTokenizer {
  std::shared_ptr<const Vocabulary> vocabulary;
  TokenizerOptions options;
  int64_t max_length = 512;  // model_max_length: in tokens, [CLS] and [SEP] included
};

// The text of tokenizer_config.json. `cloze_*` keys hold what transformers has no words for: the rules
// (Google's or Hugging Face's), the word limit, the version of the Unicode tables in use.
std::string tokenizer_config_text(const HuggingfaceTokenizer& tokenizer);

// Reads vocab.txt and tokenizer_config.json; where transformers left only its tokenizer.json, the vocabulary
// comes from there. Without `cloze_rules` the rules are Hugging Face's, and what is not said has
// transformers' defaults. Warns where the model was trained with another version of Unicode. Throws Error
// where there is no WordPiece vocabulary. `lowercase` stands above what the folder says; a contradiction is
// warned of.
HuggingfaceTokenizer read_huggingface_tokenizer(const std::filesystem::path& folder,
                                                std::optional<bool> lowercase = {});

}  // namespace cloze
