#include "engine/data/corpus_manifest.h"

#include <fmt/core.h>

#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace cloze {
namespace {

constexpr size_t digest_block_bytes = 16 << 20;

using Json = nlohmann::ordered_json;

const char* name_of(TokenizerRules rules) {
  return rules == TokenizerRules::google ? "google" : "huggingface";
}

TokenizerRules tokenizer_rules(const std::string& name) {
  if (name == "google") return TokenizerRules::google;
  if (name == "huggingface") return TokenizerRules::huggingface;
  throw std::runtime_error(fmt::format("unknown tokenizer rules `{}`", name));
}

Json to_json(const TokenizerOptions& options) {
  return {{"lowercase", options.lowercase},
          {"rules", name_of(options.rules)},
          {"strip_accents", options.strips_accents()},
          {"max_word_characters", options.word_limit()},
          {"chinese_characters", options.chinese_characters}};
}

TokenizerOptions tokenizer_options(const Json& json) {
  TokenizerOptions options;
  options.lowercase = json.at("lowercase").get<bool>();
  options.rules = tokenizer_rules(json.at("rules").get<std::string>());
  options.strip_accents = json.at("strip_accents").get<bool>();
  options.max_word_characters = json.at("max_word_characters").get<int>();
  options.chinese_characters = json.at("chinese_characters").get<bool>();
  return options;
}

Json to_json(const CorpusCounts& counts) {
  return {{"documents", counts.documents},
          {"sentences", counts.sentences},
          {"tokens", counts.tokens},
          {"lines", counts.lines},
          {"text_bytes", counts.text_bytes},
          {"unknown_tokens", counts.unknown_tokens},
          {"invalid_bytes", counts.invalid_bytes},
          {"split_lines", counts.split_lines},
          {"longest_sentence", counts.longest_sentence},
          {"split_documents", counts.split_documents}};
}

CorpusCounts corpus_counts(const Json& json) {
  CorpusCounts counts;
  json.at("documents").get_to(counts.documents);
  json.at("sentences").get_to(counts.sentences);
  json.at("tokens").get_to(counts.tokens);
  json.at("lines").get_to(counts.lines);
  json.at("text_bytes").get_to(counts.text_bytes);
  json.at("unknown_tokens").get_to(counts.unknown_tokens);
  json.at("invalid_bytes").get_to(counts.invalid_bytes);
  json.at("split_lines").get_to(counts.split_lines);
  json.at("longest_sentence").get_to(counts.longest_sentence);
  json.at("split_documents").get_to(counts.split_documents);
  return counts;
}

CorpusManifest parse(const Json& json) {
  CorpusManifest manifest;
  json.at("token_bytes").get_to(manifest.token_bytes);
  manifest.tokenizer = tokenizer_options(json.at("tokenizer"));
  json.at("unicode_version").get_to(manifest.unicode_version);
  json.at("vocabulary").at("digest").get_to(manifest.vocabulary_digest);
  json.at("vocabulary").at("size").get_to(manifest.vocabulary_size);
  json.at("text_kind").get_to(manifest.text_kind);
  json.at("text_field").get_to(manifest.text_field);
  manifest.counts = corpus_counts(json.at("counts"));
  const Json& duplicates = json.at("duplicate_lines");
  duplicates.at("sampled_one_in").get_to(manifest.duplicates.sampled_one_in);
  duplicates.at("lines").get_to(manifest.duplicates.lines);
  duplicates.at("distinct").get_to(manifest.duplicates.distinct);
  for (const Json& input : json.at("inputs")) {
    manifest.inputs.push_back({input.at("path"), input.at("bytes"), input.at("modified")});
  }
  for (const Json& file : json.at("files")) {
    manifest.files.push_back({file.at("name"), file.at("bytes"), file.at("digest")});
  }
  if (manifest.token_bytes != 2 && manifest.token_bytes != 4)
    throw std::runtime_error("token_bytes must be 2 or 4");
  return manifest;
}

}  // namespace

std::string to_json(const CorpusManifest& manifest) {
  Json json = {{"format", "cloze corpus"},
               {"format_version", corpus_format_version},
               {"token_bytes", manifest.token_bytes},
               {"vocabulary", {{"size", manifest.vocabulary_size}, {"digest", manifest.vocabulary_digest}}},
               {"tokenizer", to_json(manifest.tokenizer)},
               {"unicode_version", manifest.unicode_version},
               {"text_kind", manifest.text_kind},
               {"text_field", manifest.text_field},
               {"counts", to_json(manifest.counts)},
               {"unknown_token_rate", manifest.unknown_rate()},
               {"duplicate_lines",
                {{"rate", manifest.duplicates.rate()},
                 {"sampled_one_in", manifest.duplicates.sampled_one_in},
                 {"lines", manifest.duplicates.lines},
                 {"distinct", manifest.duplicates.distinct}}}};
  Json inputs = Json::array(), files = Json::array();
  for (const auto& input : manifest.inputs) {
    inputs.push_back({{"path", input.path}, {"bytes", input.bytes}, {"modified", input.modified}});
  }
  for (const auto& file : manifest.files) {
    files.push_back({{"name", file.name}, {"bytes", file.bytes}, {"digest", file.digest}});
  }
  json["inputs"] = std::move(inputs);
  json["files"] = std::move(files);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<std::string> differences(const CorpusManifest& a, const CorpusManifest& b) {
  std::vector<std::string> found;
  const auto compare = [&](bool same, const char* what) {
    if (!same) found.emplace_back(what);
  };
  compare(a.vocabulary_digest == b.vocabulary_digest, "the vocabulary");
  compare(to_json(a.tokenizer) == to_json(b.tokenizer), "the tokenizer's options (casing, rules)");
  compare(a.unicode_version == b.unicode_version, "the version of the Unicode tables");
  compare(a.text_kind == b.text_kind && a.text_field == b.text_field, "the kind of text");
  compare(a.inputs == b.inputs, "the input files (names, sizes or times)");
  return found;
}

CorpusManifest read_corpus_manifest(const std::filesystem::path& path) {
  return parse_corpus_manifest(read_file(path), path);
}

CorpusManifest parse_corpus_manifest(const std::string& text, const std::filesystem::path& path) {
  try {
    const Json json = Json::parse(text);
    if (json.value("format", "") != "cloze corpus") throw std::runtime_error("not the manifest of a corpus");
    if (const int version = json.at("format_version").get<int>(); version != corpus_format_version) {
      throw Error({.what = fmt::format("corpus has format version {}, this program reads version {}", version,
                                       corpus_format_version),
                   .where = path.string(),
                   .remedy = "prepare the corpus again with this program"});
    }
    return parse(json);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& problem) {
    throw Error({.what = "cannot read the manifest of the corpus",
                 .where = path.string(),
                 .why = problem.what(),
                 .remedy = "prepare the corpus again"});
  }
}

std::string digest_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error({.what = "cannot open file", .where = path.string(), .why = system_message(errno)});
  std::string block(digest_block_bytes, '\0'), digests;
  do {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    digests += digest(std::string_view(block.data(), static_cast<size_t>(file.gcount())));
  } while (file);
  if (!file.eof())
    throw Error({.what = "cannot read file", .where = path.string(), .why = system_message(errno)});
  return digest(digests);
}

}  // namespace cloze
