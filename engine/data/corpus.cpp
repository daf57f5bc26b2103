#include "engine/data/corpus.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

namespace cloze {
namespace {

static_assert(std::endian::native == std::endian::little, "corpus files are little-endian");

template <typename T>
std::span<const T> items_of(const MappedFile& file) {
  return {reinterpret_cast<const T*>(file.bytes().data()), file.size() / sizeof(T)};
}

// Widens ids and says the largest, as an unsigned number (a negative id of a damaged file counts as large).
template <typename T>
uint32_t widen(const T* from, size_t count, int32_t* to) {
  uint32_t largest = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t id = from[i];
    largest = std::max(largest, id);
    to[i] = static_cast<int32_t>(id);
  }
  return largest;
}

}  // namespace

void Corpus::damaged(const char* file, const std::string& why) const {
  throw Error({.what = "the corpus is damaged",
               .where = (folder_ / file).string(),
               .why = why,
               .remedy = "prepare the corpus again (cloze prepare --overwrite)"});
}

std::shared_ptr<const Corpus> Corpus::open(const std::filesystem::path& folder) {
  if (!std::filesystem::exists(folder / CorpusFiles::manifest)) {
    throw Error({.what = "no prepared corpus here",
                 .where = folder.string(),
                 .why = "there is no manifest.json in it",
                 .remedy = "make one with `cloze prepare`"});
  }
  const std::shared_ptr<Corpus> corpus(new Corpus);
  Corpus& self = *corpus;
  self.folder_ = folder;
  self.manifest_ = read_corpus_manifest(folder / CorpusFiles::manifest);
  const CorpusCounts& counts = self.manifest_.counts;

  const auto checked = [&](const char* name, uint64_t bytes, bool with_digest) {
    const auto& files = self.manifest_.files;
    const auto entry =
        std::find_if(files.begin(), files.end(), [&](const auto& file) { return file.name == name; });
    if (entry == files.end()) self.damaged(CorpusFiles::manifest, fmt::format("it does not list {}", name));
    MappedFile file(folder / name);
    if (file.size() != entry->bytes || entry->bytes != bytes) {
      self.damaged(name, fmt::format("it has {} bytes, the manifest says {} and its counts ask for {}",
                                     file.size(), entry->bytes, bytes));
    }
    if (with_digest && digest_file(folder / name) != entry->digest) {
      self.damaged(name, "its checksum differs from the manifest's");
    }
    return file;
  };
  if (counts.documents == 0) self.damaged(CorpusFiles::manifest, "it has no documents");
  self.token_file_ =
      checked(CorpusFiles::tokens, counts.tokens * static_cast<uint64_t>(self.manifest_.token_bytes), false);
  self.sentence_file_ = checked(CorpusFiles::sentences, counts.sentences * sizeof(uint32_t), true);
  self.document_file_ = checked(CorpusFiles::documents, (counts.documents + 1) * sizeof(DocumentStart), true);
  self.unigram_file_ = checked(
      CorpusFiles::unigrams, static_cast<uint64_t>(self.manifest_.vocabulary_size) * sizeof(uint64_t), true);
  self.sentence_ends_ = items_of<uint32_t>(self.sentence_file_);
  self.starts_ = items_of<DocumentStart>(self.document_file_);
  self.unigrams_ = items_of<uint64_t>(self.unigram_file_);

  self.vocabulary_ = std::make_shared<const Vocabulary>(Vocabulary::load(folder / CorpusFiles::vocabulary));
  if (self.vocabulary_->digest() != self.manifest_.vocabulary_digest ||
      self.vocabulary_->size() != self.manifest_.vocabulary_size) {
    self.damaged(CorpusFiles::vocabulary, "it is not the vocabulary the corpus was prepared with");
  }
  return corpus;
}

void Corpus::copy_tokens(uint64_t first, size_t count, int32_t* ids) const {
  const uint64_t total = manifest_.counts.tokens;
  if (first > total || count > total - first) {
    damaged(CorpusFiles::sentences, fmt::format("a sentence ends beyond the last of {} tokens", total));
  }
  const uint32_t largest = manifest_.token_bytes == 2
                               ? widen(items_of<uint16_t>(token_file_).data() + first, count, ids)
                               : widen(items_of<uint32_t>(token_file_).data() + first, count, ids);
  if (count > 0 && largest >= static_cast<uint32_t>(manifest_.vocabulary_size)) {
    damaged(CorpusFiles::tokens, fmt::format("token {} is not in the vocabulary", largest));
  }
}

double Corpus::unigram_entropy() const {
  const auto total = static_cast<double>(manifest_.counts.tokens);
  const double smoothed_total = total + static_cast<double>(unigrams_.size());
  double sum = 0;
  for (const uint64_t count : unigrams_) {
    if (count > 0)
      sum -= static_cast<double>(count) * std::log((static_cast<double>(count) + 1) / smoothed_total);
  }
  return sum / total;
}

void Corpus::verify() const {
  for (const CorpusFile& file : manifest_.files) {
    if (digest_file(folder_ / file.name) != file.digest) {
      damaged(file.name.c_str(), "its checksum differs from the manifest's");
    }
  }
  const auto starts_right = [&](size_t index, DocumentStart expected) {
    return starts_[index].token == expected.token && starts_[index].sentence == expected.sentence;
  };
  if (!starts_right(0, {0, 0}) || !starts_right(documents(), {tokens(), sentences()})) {
    damaged(CorpusFiles::documents, "it does not cover all tokens and sentences");
  }
  for (uint32_t d = 0; d < documents(); ++d) {
    const DocumentStart here = starts_[d], next = starts_[d + 1];
    const auto view =
        next.sentence > here.sentence && next.sentence <= sentences() ? document(d) : DocumentView{};
    if (view.sentences() == 0 || next.token <= here.token || view.tokens() != next.token - here.token) {
      damaged(CorpusFiles::documents, fmt::format("document {} is empty or overlaps the next", d));
    }
    if (view.sentence_ends[0] == 0 ||
        std::adjacent_find(view.sentence_ends.begin(), view.sentence_ends.end(), std::greater_equal<>()) !=
            view.sentence_ends.end()) {
      damaged(CorpusFiles::sentences, fmt::format("a sentence of document {} is empty", d));
    }
  }
  std::vector<int32_t> ids(1 << 16);
  for (uint64_t first = 0; first < tokens(); first += ids.size()) {
    copy_tokens(first, static_cast<size_t>(std::min<uint64_t>(ids.size(), tokens() - first)), ids.data());
  }
}

}  // namespace cloze
