#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/data/chunk_encoder.h"
#include "engine/data/corpus_manifest.h"
#include "engine/data/corpus_writer.h"
#include "engine/data/duplicate_lines.h"
#include "engine/data/prepare_progress.h"

namespace cloze {

// A corpus in the making: writes encoded chunks in order and counts; saves where it is, and goes on from
// there.
class CorpusBuilder {
 public:
  CorpusBuilder(std::filesystem::path work, PrepareProgress from);

  void add(const EncodedChunk& encoded, int32_t unknown_id);
  // All that was added is safe on the disk when this returns.
  void save();
  // Ends it with the small files and the manifest.
  CorpusManifest seal(const Vocabulary& vocabulary);

  const CorpusCounts& counts() const { return progress_.manifest.counts; }

 private:
  std::filesystem::path work_;
  PrepareProgress progress_;
  CorpusWriter writer_;
  DuplicateLineCounter duplicates_;
  uint64_t split_before_;
};

}  // namespace cloze
