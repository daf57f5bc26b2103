#include "tests/data/test_corpus.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "engine/data/corpus_writer.h"
#include "engine/data/draw_sequence.h"

namespace cloze::testing {

TemporaryFolder::TemporaryFolder() {
  static std::atomic<int> number = 0;
  path_ = std::filesystem::temp_directory_path() / fmt::format("cloze-data-test-{}-{}", ::getpid(), number++);
  std::filesystem::remove_all(path_);
  std::filesystem::create_directories(path_);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> numbered_pieces(int32_t size, const std::vector<int32_t>& continuations) {
  std::vector<std::string> pieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  for (int32_t id = 5; id < size; ++id) {
    const bool continues = std::find(continuations.begin(), continuations.end(), id) != continuations.end();
    pieces.push_back(continues ? fmt::format("##x{}", id) : fmt::format("w{}", id - 5));
  }
  return pieces;
}

std::filesystem::path write_corpus(const std::filesystem::path& folder,
                                   const std::vector<Document>& documents,
                                   const std::vector<std::string>& pieces) {
  std::filesystem::create_directories(folder);
  const Vocabulary vocabulary(pieces, "test");
  CorpusManifest manifest;
  manifest.token_bytes = token_bytes_for(vocabulary);
  manifest.vocabulary_digest = vocabulary.digest();
  manifest.vocabulary_size = vocabulary.size();
  std::vector<uint64_t> unigrams(static_cast<size_t>(vocabulary.size()));
  CorpusWriter writer(folder, manifest.token_bytes);
  for (const Document& document : documents) {
    for (const Sentence& sentence : document) {
      writer.append_sentence(sentence);
      for (const int32_t id : sentence) ++unigrams[static_cast<size_t>(id)];
    }
    writer.end_document();
  }
  writer.finish();
  manifest.counts.documents = writer.position().documents;
  manifest.counts.sentences = writer.position().sentences;
  manifest.counts.tokens = writer.position().tokens;
  seal_corpus(folder, manifest, vocabulary, unigrams);
  return folder;
}

std::shared_ptr<const Corpus> make_corpus(const std::filesystem::path& folder,
                                          const std::vector<Document>& documents,
                                          const std::vector<std::string>& pieces) {
  return Corpus::open(write_corpus(folder, documents, pieces));
}

std::vector<Document> random_documents(size_t count, uint32_t most_sentences, uint32_t most_tokens,
                                       int32_t vocabulary_size, uint64_t seed) {
  DrawSequence draws(derive_key(seed, 1, 0), 0, 0);
  std::vector<Document> documents(count);
  for (Document& document : documents) {
    document.resize(1 + draws.below(most_sentences));
    for (Sentence& sentence : document) {
      sentence.resize(1 + draws.below(most_tokens));
      for (int32_t& id : sentence)
        id = 5 + static_cast<int32_t>(draws.below(static_cast<uint32_t>(vocabulary_size - 5)));
    }
  }
  return documents;
}

}  // namespace cloze::testing
