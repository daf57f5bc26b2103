#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "engine/data/corpus_manifest.h"
#include "engine/data/corpus_writer.h"
#include "engine/data/document_reader.h"
#include "engine/data/duplicate_lines.h"

namespace cloze {

// Everything a corpus in the making consists of besides the files its writer appends to: enough to go on from
// after the process was killed.
struct PrepareProgress {
  CorpusManifest manifest;  // with the counts so far; no files yet
  SourcePosition read;
  WriterPosition written;
  std::vector<uint64_t> unigrams;  // [vocabulary]
  std::vector<DuplicateLineCounter::Entry> lines;
};

// Its place in the folder of the work.
std::filesystem::path progress_path(const std::filesystem::path& work);
// One file, written whole or not at all: a line of JSON, then the arrays, then a checksum.
void save_progress(const std::filesystem::path& path, const PrepareProgress& progress);
// None where there is no such file. Throws Error for a damaged one.
std::optional<PrepareProgress> load_progress(const std::filesystem::path& path);

}  // namespace cloze
