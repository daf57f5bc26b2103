#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/data/corpus_manifest.h"
#include "engine/data/text_kind.h"
#include "engine/text/tokenizer_options.h"

namespace cloze {

struct PrepareOptions {
  std::vector<std::filesystem::path> inputs;  // files and folders
  std::filesystem::path vocabulary;           // vocab.txt
  std::filesystem::path output;               // the corpus folder
  TextKind kind = TextKind::automatic;
  std::string text_field = "text";  // of JSONL
  TokenizerOptions tokenizer;
  int threads = 1;
  bool overwrite = false;
  // Text between two points to go on from after an interruption.
  uint64_t checkpoint_bytes = uint64_t{256} << 20;
};

// Tokenises the inputs into a corpus folder, which appears whole when all is done; until then the work is in
// OUTPUT.partial. Interrupted and called again with the same options it goes on from its last checkpoint, and
// the files come out byte for byte the same, whatever the number of threads. A finished corpus of the same
// inputs and options is left as it is; one of others is an Error unless `overwrite`. Memory: about 200 MB and
// 10 MB per thread, whatever the inputs (JSON records of many MiB: some times their length per thread).
// Returns the manifest; throws Error, also where the inputs hold no text at all.
CorpusManifest prepare_corpus(const PrepareOptions& options);

}  // namespace cloze
