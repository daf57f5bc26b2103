#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/text/tokenizer_options.h"

namespace cloze {

constexpr int corpus_format_version = 1;

// What was counted while a corpus was prepared.
struct CorpusCounts {
  uint64_t documents = 0, sentences = 0, tokens = 0;
  uint64_t lines = 0;             // lines (of Markdown and JSONL: paragraphs) that were not blank
  uint64_t text_bytes = 0;        // of those lines, before cleaning
  uint64_t unknown_tokens = 0;    // [UNK]
  uint64_t invalid_bytes = 0;     // bytes dropped because they are not UTF-8
  uint64_t split_lines = 0;       // cuts made in lines longer than the limit of LineReader
  uint64_t longest_sentence = 0;  // tokens
  uint64_t split_documents = 0;   // cuts made in documents longer than longest_document
};

// Lines that had been seen before, measured over the lines whose hash falls into one part in `sampled_one_in`
// (1: all lines, exact).
struct DuplicateLines {
  uint64_t sampled_one_in = 1;
  uint64_t lines = 0, distinct = 0;
  double rate() const {
    return lines == 0 ? 0.0 : 1.0 - static_cast<double>(distinct) / static_cast<double>(lines);
  }
};

struct CorpusInput {
  std::string path;
  uint64_t bytes = 0;
  int64_t modified = 0;  // seconds since 1970
  bool operator==(const CorpusInput&) const = default;
};

struct CorpusFile {
  std::string name;
  uint64_t bytes = 0;
  std::string digest;  // digest_file()
};

// manifest.json of a corpus folder.
struct CorpusManifest {
  int token_bytes = 2;  // 2 or 4
  TokenizerOptions tokenizer;
  std::string unicode_version;
  std::string vocabulary_digest;
  int64_t vocabulary_size = 0;
  std::string text_kind;  // as asked for: "auto", "sentences", ...
  std::string text_field;
  CorpusCounts counts;
  DuplicateLines duplicates;
  std::vector<CorpusInput> inputs;
  std::vector<CorpusFile> files;

  double unknown_rate() const {
    return counts.tokens == 0
               ? 0.0
               : static_cast<double>(counts.unknown_tokens) / static_cast<double>(counts.tokens);
  }
};

// What of `b` was asked for or given otherwise than in `a` ("the vocabulary", "inputs", ...); empty where
// both stand for the same corpus.
std::vector<std::string> differences(const CorpusManifest& a, const CorpusManifest& b);

std::string to_json(const CorpusManifest& manifest);
// Throws Error naming `where` and what is missing or of another format version.
CorpusManifest parse_corpus_manifest(const std::string& json, const std::filesystem::path& where);
CorpusManifest read_corpus_manifest(const std::filesystem::path& path);

// Of a file of any size in bounded memory: the digest of the digests of its blocks of 16 MiB (for one block
// or none, of that block's digest).
std::string digest_file(const std::filesystem::path& path);

}  // namespace cloze
