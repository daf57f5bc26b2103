#include "engine/checkpoint/tensorflow_tokenizer.h"

#include <fmt/format.h>

#include <regex>
#include <string>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/checkpoint/checkpoint_files.h"
#include "engine/text/unicode.h"
#include "engine/text/utf8.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

const char* casing(bool lowercase) {
  return lowercase ? "uncased" : "cased";
}

bool in_brackets(std::string_view piece) {
  return (piece.starts_with('[') && piece.ends_with(']')) || (piece.starts_with('<') && piece.ends_with('>'));
}

bool lowercasing_changes(std::string_view piece) {
  const TokenizerOptions lowercasing{.lowercase = true, .strip_accents = false};
  for (size_t at = 0; at < piece.size();) {
    const CodePoint point = decode_utf8(piece, at);
    if (normalised(point.value, lowercasing) != std::u32string(1, point.value)) return true;
    at += point.size;  // a vocabulary is valid UTF-8
  }
  return false;
}

fs::path absolute_folder(const fs::path& folder) {
  std::error_code trouble;
  const fs::path resolved = fs::canonical(folder.empty() ? "." : folder, trouble);
  return trouble ? folder : resolved;
}

bool choose_lowercase(const fs::path& folder, const Vocabulary& vocabulary, std::optional<bool> said) {
  const std::string name = absolute_folder(folder).filename().string();
  const std::optional<bool> released = lowercase_by_release(name);
  if (said && released && *said != *released) {
    throw UsageError(
        {.what = fmt::format("the model is {}, {} was asked for", casing(*released), casing(*said)),
         .where = folder.string(),
         .why = fmt::format("{} is one of Google's {} models", name, casing(*released)),
         .remedy = "leave the casing out; if these files are others, rename the folder"});
  }
  if (said) return *said;
  if (released) return *released;
  const bool lowercase = lowercase_by_pieces(vocabulary);
  log::info("{}: taken as {}: the vocabulary has {}", folder.string(), casing(lowercase),
            lowercase ? "no upper-case letter" : "upper-case letters");
  return lowercase;
}

}  // namespace

std::optional<bool> lowercase_by_release(std::string_view folder_name) {
  static const std::regex release(
      "(?:wwm_)?(uncased|multilingual|chinese|cased|multi_cased)_L-[0-9]+_H-[0-9]+_A-[0-9]+");
  std::match_results<std::string_view::const_iterator> found;
  if (!std::regex_match(folder_name.begin(), folder_name.end(), found, release)) return std::nullopt;
  return found[1] != "cased" && found[1] != "multi_cased";
}

bool lowercase_by_pieces(const Vocabulary& vocabulary) {
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    const std::string_view piece = vocabulary.piece(id);
    if (!in_brackets(piece) && lowercasing_changes(piece)) return false;
  }
  return true;
}

HuggingfaceTokenizer read_tensorflow_tokenizer(const fs::path& folder, int64_t max_positions,
                                               std::optional<bool> lowercase) {
  const fs::path file = folder / vocabulary_file;
  if (!fs::exists(file)) {
    throw Error({.what = "the model has no vocabulary",
                 .where = file.string(),
                 .why = "there is no such file beside the checkpoint",
                 .remedy = "copy the vocab.txt it was trained with into the folder"});
  }
  HuggingfaceTokenizer tokenizer{.vocabulary = std::make_shared<Vocabulary>(Vocabulary::load(file)),
                                 .options = {.rules = TokenizerRules::google},
                                 .max_length = max_positions};
  tokenizer.options.lowercase = choose_lowercase(folder, *tokenizer.vocabulary, lowercase);
  return tokenizer;
}

}  // namespace cloze
