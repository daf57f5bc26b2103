#include "engine/checkpoint/huggingface_tokenizer.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/base/log.h"
#include "engine/text/unicode.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

[[noreturn]] void refuse(const std::string& file, std::string why) {
  throw Error({.what = "the tokenizer cannot be used", .where = file, .why = std::move(why)});
}

// Set, unset (null or missing), or an Error for another type.
std::optional<bool> optional_flag(const json& document, const char* key, const std::string& where) {
  const auto found = document.find(key);
  if (found == document.end() || found->is_null()) return std::nullopt;
  return json_boolean(document, key, where);
}

std::optional<int> word_limit(const json& document, const char* key, const std::string& where) {
  const int64_t limit = json_integer_or(document, key, 0, where);
  if (limit < 0 || limit > std::numeric_limits<int>::max())
    refuse(where, fmt::format("{} is {}", key, limit));
  return limit == 0 ? std::nullopt : std::optional(static_cast<int>(limit));
}

json object_at(const json& document, const char* key) {
  const auto found = document.find(key);
  return found != document.end() && found->is_object() ? *found : json::object();
}

// {"[PAD]": 0, …} turned round; each id from 0 must have one piece.
std::vector<std::string> pieces_by_id(const json& pieces, const std::string& file) {
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
HuggingfaceTokenizer read_tokenizer_json(const std::string& file) {
  const json document = read_json(file);
  const json model = object_at(document, "model"), normalizer = object_at(document, "normalizer");
  if (const std::string type = json_string_or(model, "type", "WordPiece", file); type != "WordPiece") {
    refuse(file, fmt::format("it is a {} tokenizer, not WordPiece", type));
  }
  const TokenizerOptions options{
      .lowercase = json_boolean_or(normalizer, "lowercase", true, file),
      .rules = TokenizerRules::huggingface,
      .strip_accents = optional_flag(normalizer, "strip_accents", file),
      .max_word_characters = word_limit(model, "max_input_chars_per_word", file),
      .chinese_characters = json_boolean_or(normalizer, "handle_chinese_chars", true, file)};
  auto pieces = pieces_by_id(object_at(model, "vocab"), file);
  return {.vocabulary = std::make_shared<Vocabulary>(std::move(pieces), file), .options = options};
}

TokenizerRules rules_named(const std::string& name, const std::string& file) {
  if (name == "google") return TokenizerRules::google;
  if (name == "huggingface") return TokenizerRules::huggingface;
  refuse(file, fmt::format("cloze_rules is `{}`; known are google and huggingface", name));
}

// transformers writes 1e30 for "no limit".
int64_t max_length(const json& document, int64_t missing, const std::string& file) {
  const double length = json_number_or(document, "model_max_length", static_cast<double>(missing), file);
  if (!(length >= 1)) refuse(file, fmt::format("model_max_length is {}", length));
  constexpr int64_t unlimited = std::numeric_limits<int32_t>::max();
  return length < unlimited ? static_cast<int64_t>(length) : unlimited;
}

void warn_of_other_unicode(const json& document, const std::string& file) {
  const std::string ours = unicode_version();
  const std::string trained_with = json_string_or(document, "cloze_unicode_version", ours, file);
  if (trained_with == ours) return;
  log::warning(
      "{}: the model was trained with Unicode {}, this program has {}: rare characters may be split "
      "differently",
      file, trained_with, ours);
}

// What is not said here stays as it is.
void read_tokenizer_config(const std::string& file, HuggingfaceTokenizer& tokenizer) {
  const json document = read_json(file);
  TokenizerOptions& options = tokenizer.options;
  options.lowercase = json_boolean_or(document, "do_lower_case", options.lowercase, file);
  if (const auto strip = optional_flag(document, "strip_accents", file)) options.strip_accents = strip;
  options.chinese_characters =
      json_boolean_or(document, "tokenize_chinese_chars", options.chinese_characters, file);
  options.rules = rules_named(json_string_or(document, "cloze_rules", "huggingface", file), file);
  if (const auto limit = word_limit(document, "cloze_max_word_characters", file))
    options.max_word_characters = limit;
  options.keep_special_tokens = json_boolean_or(document, "cloze_keep_special_tokens", false, file);
  tokenizer.max_length = max_length(document, tokenizer.max_length, file);
  warn_of_other_unicode(document, file);
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
  return json_text(document);
}

HuggingfaceTokenizer read_huggingface_tokenizer(const fs::path& folder, std::optional<bool> lowercase) {
  const fs::path vocabulary = folder / "vocab.txt", config = folder / "tokenizer_config.json",
                 single_file = folder / "tokenizer.json";
  HuggingfaceTokenizer tokenizer{.options = {.rules = TokenizerRules::huggingface}};
  if (fs::exists(single_file)) {
    tokenizer = read_tokenizer_json(single_file.string());
  } else if (!fs::exists(vocabulary)) {
    throw Error({.what = "the model has no vocabulary",
                 .where = folder.string(),
                 .why = "neither vocab.txt nor tokenizer.json is there",
                 .remedy = "copy the vocab.txt it was trained with into the folder"});
  }
  if (fs::exists(vocabulary))
    tokenizer.vocabulary = std::make_shared<Vocabulary>(Vocabulary::load(vocabulary));
  const bool says_casing = fs::exists(config) || fs::exists(single_file);
  if (fs::exists(config)) read_tokenizer_config(config.string(), tokenizer);
  if (lowercase) {
    if (says_casing && *lowercase != tokenizer.options.lowercase) {
      log::warning("{}: its tokenizer is {}, but {} was asked for", folder.string(),
                   *lowercase ? "cased" : "uncased", *lowercase ? "uncased" : "cased");
    }
    tokenizer.options.lowercase = *lowercase;
  } else if (!says_casing) {
    log::warning(
        "{}: no tokenizer_config.json says whether the model is cased; taken as uncased, as transformers "
        "does",
        folder.string());
  }
  return tokenizer;
}

}  // namespace cloze
