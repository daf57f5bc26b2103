#include "engine/checkpoint/huggingface_tokenizer.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/checkpoint/json_file.h"
#include "engine/text/unicode.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

[[noreturn]] void refuse(const fs::path& file, std::string why) {
  throw Error({.what = "the tokenizer cannot be used", .where = file.string(), .why = std::move(why)});
}

template <typename T>
std::optional<T> value_of(const json& document, const char* key, const fs::path& file) {
  const auto found = document.find(key);
  if (found == document.end() || found->is_null()) return std::nullopt;
  try {
    return found->get<T>();
  } catch (const json::exception&) {
    refuse(file, fmt::format("{} has the unexpected value {}", key, found->dump()));
  }
}

json object_at(const json& document, const char* key) {
  const auto found = document.find(key);
  return found != document.end() && found->is_object() ? *found : json::object();
}

// {"[PAD]": 0, …} turned round; each id from 0 must have one piece.
std::vector<std::string> pieces_by_id(const json& pieces, const fs::path& file) {
  if (pieces.empty()) refuse(file, "it holds no vocabulary");
  std::vector<const std::string*> by_id(pieces.size(), nullptr);  // into the document
  for (const auto& entry : pieces.get_ref<const json::object_t&>()) {
    const json& id = entry.second;
    if (!id.is_number_unsigned() || id >= by_id.size() || by_id[id.get<size_t>()] != nullptr) {
      refuse(file, fmt::format("the ids of its vocabulary are not 0 to {}: `{}` has {}", by_id.size() - 1,
                               entry.first, id.dump()));
    }
    by_id[id.get<size_t>()] = &entry.first;
  }
  std::vector<std::string> ordered;
  for (const std::string* piece : by_id) ordered.push_back(*piece);
  return ordered;
}

// transformers' own file, which holds vocabulary and options in one.
HuggingfaceTokenizer read_tokenizer_json(const fs::path& file) {
  const json document = read_json_object(file);
  const json model = object_at(document, "model");
  if (const auto type = value_of<std::string>(model, "type", file); type && *type != "WordPiece") {
    refuse(file, fmt::format("it is a {} tokenizer, not WordPiece", *type));
  }
  const json normalizer = object_at(document, "normalizer");
  TokenizerOptions options{
      .lowercase = value_of<bool>(normalizer, "lowercase", file).value_or(true),
      .rules = TokenizerRules::huggingface,
      .strip_accents = value_of<bool>(normalizer, "strip_accents", file),
      .max_word_characters = value_of<int>(model, "max_input_chars_per_word", file),
      .chinese_characters = value_of<bool>(normalizer, "handle_chinese_chars", file).value_or(true)};
  auto pieces = pieces_by_id(object_at(model, "vocab"), file);
  return {.vocabulary = std::make_shared<Vocabulary>(std::move(pieces), file.string()), .options = options};
}

TokenizerRules rules_named(const std::string& name, const fs::path& file) {
  if (name == "google") return TokenizerRules::google;
  if (name == "huggingface") return TokenizerRules::huggingface;
  refuse(file, fmt::format("cloze_rules is `{}`; known are google and huggingface", name));
}

void read_tokenizer_config(const fs::path& file, HuggingfaceTokenizer& tokenizer) {
  const json document = read_json_object(file);
  TokenizerOptions& options = tokenizer.options;
  options.lowercase = value_of<bool>(document, "do_lower_case", file).value_or(options.lowercase);
  if (const auto strip = value_of<bool>(document, "strip_accents", file)) options.strip_accents = strip;
  options.chinese_characters =
      value_of<bool>(document, "tokenize_chinese_chars", file).value_or(options.chinese_characters);
  if (const auto rules = value_of<std::string>(document, "cloze_rules", file)) {
    options.rules = rules_named(*rules, file);
  }
  if (const auto limit = value_of<int>(document, "cloze_max_word_characters", file)) {
    options.max_word_characters = limit;
  }
  options.keep_special_tokens = value_of<bool>(document, "cloze_keep_special_tokens", file).value_or(false);
  // transformers writes 1e30 for "no limit".
  if (const auto length = value_of<double>(document, "model_max_length", file)) {
    if (!(*length >= 1)) refuse(file, fmt::format("model_max_length is {}", *length));
    tokenizer.max_length =
        *length < 1e9 ? static_cast<int64_t>(*length) : std::numeric_limits<int32_t>::max();
  }
  const auto trained_with = value_of<std::string>(document, "cloze_unicode_version", file);
  if (trained_with && *trained_with != unicode_version()) {
    log::warning(
        "{}: the model was trained with Unicode {}, this program has {}: rare characters may be split "
        "differently",
        file.string(), *trained_with, unicode_version());
  }
}

}  // namespace

std::string tokenizer_config_text(const HuggingfaceTokenizer& tokenizer) {
  const TokenizerOptions& options = tokenizer.options;
  const bool google = options.rules == TokenizerRules::google;
  const json document = {{"tokenizer_class", "BertTokenizer"},
                         {"do_lower_case", options.lowercase},
                         {"strip_accents", options.strip_accents ? json(*options.strip_accents) : json()},
                         {"tokenize_chinese_chars", options.chinese_characters},
                         {"model_max_length", tokenizer.max_length},
                         {"pad_token", "[PAD]"},
                         {"unk_token", "[UNK]"},
                         {"cls_token", "[CLS]"},
                         {"sep_token", "[SEP]"},
                         {"mask_token", "[MASK]"},
                         {"cloze_rules", google ? "google" : "huggingface"},
                         {"cloze_keep_special_tokens", options.keep_special_tokens},
                         {"cloze_max_word_characters", options.word_limit()},
                         {"cloze_unicode_version", unicode_version()}};
  return document.dump(2) + "\n";
}

HuggingfaceTokenizer read_huggingface_tokenizer(const fs::path& folder) {
  const fs::path vocabulary = folder / "vocab.txt", config = folder / "tokenizer_config.json",
                 single_file = folder / "tokenizer.json";
  HuggingfaceTokenizer tokenizer{.options = {.rules = TokenizerRules::huggingface}};
  if (fs::exists(single_file)) {
    tokenizer = read_tokenizer_json(single_file);
  } else if (!fs::exists(vocabulary)) {
    throw Error({.what = "the model has no vocabulary",
                 .where = folder.string(),
                 .why = "neither vocab.txt nor tokenizer.json is there",
                 .remedy = "copy the vocab.txt it was trained with into the folder"});
  }
  if (fs::exists(vocabulary))
    tokenizer.vocabulary = std::make_shared<Vocabulary>(Vocabulary::load(vocabulary));
  if (fs::exists(config)) {
    read_tokenizer_config(config, tokenizer);
  } else if (!fs::exists(single_file)) {
    log::warning(
        "{}: no tokenizer_config.json says whether the model is cased; taken as uncased, as transformers "
        "does",
        folder.string());
  }
  return tokenizer;
}

}  // namespace cloze
