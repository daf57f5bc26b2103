#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/data/corpus.h"

namespace cloze::testing {

// A fresh folder, removed with all that is in it at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

using Sentence = std::vector<int32_t>;
using Document = std::vector<Sentence>;

// [PAD] [UNK] [CLS] [SEP] [MASK] w0 w1 ... : `size` pieces in all, of which those in `continuations` are
// "##x<id>".
std::vector<std::string> numbered_pieces(int32_t size, const std::vector<int32_t>& continuations = {});

std::filesystem::path write_corpus(const std::filesystem::path& folder,
                                   const std::vector<Document>& documents,
                                   const std::vector<std::string>& pieces);
std::shared_ptr<const Corpus> make_corpus(const std::filesystem::path& folder,
                                          const std::vector<Document>& documents,
                                          const std::vector<std::string>& pieces);

// Documents of random numbers of sentences (1 to `most_sentences`) of random lengths (1 to `most_tokens`);
// ids from 5 to vocabulary_size - 1, drawn from `seed`.
std::vector<Document> random_documents(size_t count, uint32_t most_sentences, uint32_t most_tokens,
                                       int32_t vocabulary_size, uint64_t seed);

}  // namespace cloze::testing
