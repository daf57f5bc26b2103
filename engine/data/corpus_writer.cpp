#include "engine/data/corpus_writer.h"

#include <fmt/core.h>

#include <limits>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace cloze {

CorpusWriter::CorpusWriter(const std::filesystem::path& folder, int token_bytes, const WriterPosition& from)
    : token_bytes_(token_bytes),
      position_(from),
      tokens_(folder / CorpusFiles::tokens, from.tokens * static_cast<uint64_t>(token_bytes)),
      sentences_(folder / CorpusFiles::sentences, from.sentences * sizeof(uint32_t)),
      documents_(folder / CorpusFiles::documents, from.documents * sizeof(DocumentStart)) {}

void CorpusWriter::append_sentence(std::span<const int32_t> ids) {
  if (ids.empty()) return;
  if (position_.document_open &&
      position_.tokens + ids.size() - position_.document_begins > longest_document) {
    position_.document_open = false;
    ++split_documents_;
  }
  if (!position_.document_open) {
    if (position_.documents == std::numeric_limits<uint32_t>::max()) {
      throw Error({.what = "the corpus has too many documents",
                   .why = fmt::format("a corpus holds at most {}", position_.documents),
                   .remedy = "join short documents, or prepare several corpora"});
    }
    const DocumentStart start{position_.tokens, position_.sentences};
    documents_.append(std::span(&start, 1));
    position_.document_begins = position_.tokens;
    position_.document_open = true;
    ++position_.documents;
  }
  if (token_bytes_ == 2) {
    narrow_.assign(ids.begin(), ids.end());
    tokens_.append(std::span<const uint16_t>(narrow_));
  } else {
    tokens_.append(ids);
  }
  position_.tokens += ids.size();
  ++position_.sentences;
  const auto end = static_cast<uint32_t>(position_.tokens - position_.document_begins);
  sentences_.append(std::span(&end, 1));
}

WriterPosition CorpusWriter::sync() {
  tokens_.sync();
  sentences_.sync();
  documents_.sync();
  return position_;
}

void CorpusWriter::finish() {
  const DocumentStart end{position_.tokens, position_.sentences};
  documents_.append(std::span(&end, 1));
  sync();
}

int token_bytes_for(const Vocabulary& vocabulary) {
  return vocabulary.size() <= std::numeric_limits<uint16_t>::max() + 1 ? 2 : 4;
}

void seal_corpus(const std::filesystem::path& folder, CorpusManifest manifest, const Vocabulary& vocabulary,
                 std::span<const uint64_t> unigrams) {
  write_file(folder / CorpusFiles::vocabulary, vocabulary.text());
  AtomicFile counts(folder / CorpusFiles::unigrams);
  counts.write(std::as_bytes(unigrams));
  counts.commit();
  manifest.files.clear();
  for (const char* name : {CorpusFiles::tokens, CorpusFiles::sentences, CorpusFiles::documents,
                           CorpusFiles::unigrams, CorpusFiles::vocabulary}) {
    const auto path = folder / name;
    manifest.files.push_back({name, std::filesystem::file_size(path), digest_file(path)});
  }
  write_file(folder / CorpusFiles::manifest, to_json(manifest));
}

}  // namespace cloze
