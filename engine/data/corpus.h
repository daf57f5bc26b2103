#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/data/corpus_manifest.h"
#include "engine/text/vocabulary.h"

namespace cloze {

// The files of a corpus folder. tokens.bin: ids, 16 or 32 bits each, nothing between documents.
// sentences.bin: per sentence the 32-bit end of it, counted in tokens from the start of its document.
// documents.bin: documents + 1 DocumentStart. unigrams.bin: a 64-bit count per line of vocab.txt. Everything
// little-endian.
struct CorpusFiles {
  static constexpr const char* tokens = "tokens.bin";
  static constexpr const char* sentences = "sentences.bin";
  static constexpr const char* documents = "documents.bin";
  static constexpr const char* unigrams = "unigrams.bin";
  static constexpr const char* vocabulary = "vocab.txt";
  static constexpr const char* manifest = "manifest.json";
  static constexpr std::array all = {tokens, sentences, documents, unigrams, vocabulary, manifest};
};

struct DocumentStart {
  uint64_t token = 0, sentence = 0;
};
// More tokens than this never make one document (offsets within it have 32 bits).
constexpr uint64_t longest_document = uint64_t{1} << 31;

// The sentence lengths of one document; at least one sentence, each of at least one token.
struct DocumentView {
  uint64_t first_token = 0;
  std::span<const uint32_t> sentence_ends;

  size_t sentences() const { return sentence_ends.size(); }
  uint32_t begin(size_t sentence) const { return sentence == 0 ? 0 : sentence_ends[sentence - 1]; }
  uint32_t end(size_t sentence) const { return sentence_ends[sentence]; }
  uint32_t length(size_t sentence) const { return end(sentence) - begin(sentence); }
  uint32_t tokens() const { return sentence_ends.back(); }
};

// A prepared corpus, mapped read-only; many threads may read it. Reading needs no memory of its own beyond
// the pages the system caches.
class Corpus {
 public:
  // Checks the manifest, the sizes of all files and the digests of all but the biggest, tokens.bin. Throws
  // Error.
  static std::shared_ptr<const Corpus> open(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const { return folder_; }
  const CorpusManifest& manifest() const { return manifest_; }
  const Vocabulary& vocabulary() const { return *vocabulary_; }
  std::shared_ptr<const Vocabulary> shared_vocabulary() const { return vocabulary_; }

  uint32_t documents() const { return static_cast<uint32_t>(starts_.size() - 1); }
  uint64_t sentences() const { return sentence_ends_.size(); }
  uint64_t tokens() const { return manifest_.counts.tokens; }

  DocumentView document(uint32_t index) const {
    const DocumentStart start = starts_[index];
    return {start.token,
            sentence_ends_.subspan(start.sentence, starts_[index + 1].sentence - start.sentence)};
  }
  // Writes `count` ids beginning with the corpus' token `first`. Throws Error for a range or an id that only
  // a damaged file can give.
  void copy_tokens(uint64_t first, size_t count, int32_t* ids) const;

  // Occurrences of every id.
  std::span<const uint64_t> unigrams() const { return unigrams_; }
  // What a model that knows only word frequencies would lose per token, in nats: the cross-entropy of the
  // corpus under its own add-one-smoothed unigram distribution, p(w) = (count(w) + 1) / (tokens +
  // vocabulary).
  double unigram_entropy() const;

  // Reads everything: the digest of tokens.bin too, order of the offsets, range of the ids. Throws Error
  // naming the file.
  void verify() const;

 private:
  Corpus() = default;
  [[noreturn]] void damaged(const char* file, const std::string& why) const;

  std::filesystem::path folder_;
  CorpusManifest manifest_;
  std::shared_ptr<const Vocabulary> vocabulary_;
  MappedFile token_file_, sentence_file_, document_file_, unigram_file_;
  std::span<const uint32_t> sentence_ends_;
  std::span<const DocumentStart> starts_;
  std::span<const uint64_t> unigrams_;
};

}  // namespace cloze
