#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/corpus_manifest.h"

struct archive;

namespace cloze {

// The files that FILE|DIR... stand for, absolute: folders are walked, files in them sorted by path, hidden
// ones
// (".name") left out; a file named twice is taken once. Throws UsageError for what does not exist, is no
// regular file, or a folder without files.
std::vector<CorpusInput> list_inputs(std::span<const std::filesystem::path> inputs);

// One input file as the texts in it: itself, unpacked where it is .gz, .bz2, .xz, .zst or .lz4; or, for a tar
// archive, compressed or not, each regular file in it, in the archive's order. What it is shows in its bytes,
// not its name.
class TextSource {
 public:
  explicit TextSource(std::filesystem::path path);

  // Goes to the next text; false after the last. Throws Error for a damaged archive.
  bool next_text();
  // "path", or "path:name" inside an archive.
  const std::string& name() const { return name_; }
  // The next bytes of the current text, valid until the next call; empty at its end. Throws Error for damaged
  // or cut-off compressed data.
  std::string_view next_block();

 private:
  struct Closer {
    void operator()(archive* opened) const;
  };
  [[noreturn]] void fail() const;

  std::filesystem::path path_;
  std::unique_ptr<archive, Closer> archive_;
  std::string name_;
};

}  // namespace cloze
