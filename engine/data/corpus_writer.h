#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "engine/data/append_file.h"
#include "engine/data/corpus.h"
#include "engine/data/corpus_manifest.h"

namespace cloze {

// How far a corpus has been written; what is on the disk up to here is enough to go on from.
struct WriterPosition {
  uint64_t tokens = 0, sentences = 0, documents = 0;
  uint64_t document_begins = 0;  // first token of the last document
  bool document_open = false;    // the next sentence belongs to the last document
};

// Writes tokens.bin, sentences.bin and documents.bin of a corpus folder, sentence by sentence, in constant
// memory.
class CorpusWriter {
 public:
  // Goes on at `from` in a folder an earlier writer had synced there (a new one: WriterPosition{}).
  CorpusWriter(const std::filesystem::path& folder, int token_bytes, const WriterPosition& from = {});

  // A sentence without tokens is ignored.
  void append_sentence(std::span<const int32_t> ids);
  // The next sentence begins a document; documents without sentences do not come to be.
  void end_document() { position_.document_open = false; }

  // Makes all of it safe on the disk and says how far that is.
  WriterPosition sync();
  // Writes what ends documents.bin and syncs. No more sentences after this.
  void finish();

  const WriterPosition& position() const { return position_; }
  uint64_t split_documents() const { return split_documents_; }

 private:
  int token_bytes_;
  WriterPosition position_;
  uint64_t split_documents_ = 0;  // cuts made in documents longer than longest_document, by this writer
  AppendFile tokens_, sentences_, documents_;
  std::vector<uint16_t> narrow_;
};

// Writes the small files into `folder` beside what a finished CorpusWriter left: vocab.txt, unigrams.bin and,
// last, the manifest, of which `files` is filled in here.
void seal_corpus(const std::filesystem::path& folder, CorpusManifest manifest, const Vocabulary& vocabulary,
                 std::span<const uint64_t> unigrams);

// 2 where every id of the vocabulary fits into 16 bits, else 4.
int token_bytes_for(const Vocabulary& vocabulary);

}  // namespace cloze
