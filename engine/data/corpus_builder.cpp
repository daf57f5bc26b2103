#include "engine/data/corpus_builder.h"

#include <algorithm>
#include <span>
#include <utility>

namespace cloze {

CorpusBuilder::CorpusBuilder(std::filesystem::path work, PrepareProgress from)
    : work_(std::move(work)),
      progress_(std::move(from)),
      writer_(work_, progress_.manifest.token_bytes, progress_.written),
      split_before_(progress_.manifest.counts.split_documents) {
  duplicates_.restore(progress_.manifest.duplicates.sampled_one_in, progress_.lines);
  progress_.lines = {};
}

void CorpusBuilder::add(const EncodedChunk& encoded, int32_t unknown_id) {
  CorpusCounts& counts = progress_.manifest.counts;
  size_t at = 0;
  for (const uint32_t length : encoded.sentence_lengths) {
    if (length == 0) writer_.end_document();
    writer_.append_sentence(std::span(encoded.tokens).subspan(at, length));
    at += length;
    counts.longest_sentence = std::max<uint64_t>(counts.longest_sentence, length);
  }
  for (const int32_t id : encoded.tokens) {
    ++progress_.unigrams[static_cast<size_t>(id)];
    counts.unknown_tokens += id == unknown_id;
  }
  for (const uint64_t hash : encoded.line_hashes) duplicates_.add(hash);
  counts.lines += encoded.line_hashes.size();
  counts.text_bytes += encoded.text_bytes;
  counts.invalid_bytes += encoded.cleaning.invalid_bytes;
  counts.split_lines += encoded.cleaning.cut_lines;
  const WriterPosition& written = writer_.position();
  counts.documents = written.documents;
  counts.sentences = written.sentences;
  counts.tokens = written.tokens;
  counts.split_documents = split_before_ + writer_.split_documents();
  progress_.manifest.duplicates = duplicates_.result();
  progress_.read = encoded.chunk.after;
}

void CorpusBuilder::save() {
  progress_.written = writer_.sync();
  progress_.lines = duplicates_.entries();
  save_progress(progress_path(work_), progress_);
  progress_.lines = {};
}

CorpusManifest CorpusBuilder::seal(const Vocabulary& vocabulary) {
  writer_.finish();
  seal_corpus(work_, progress_.manifest, vocabulary, progress_.unigrams);
  return read_corpus_manifest(work_ / CorpusFiles::manifest);
}

}  // namespace cloze
