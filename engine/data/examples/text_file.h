#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "engine/data/text_source.h"

namespace cloze {

class Utf16Converter;

// The text of one file of a task as UTF-8, block by block: unpacked where it is .gz, .bz2, .xz, .zst or .lz4,
// decoded where it is UTF-16, without its byte-order mark. UTF-16 is told by its mark, or, without one, by a
// zero byte beside the first character (RFC 4627, section 3). Surrogates without their other half become
// U+FFFD, which the tokenizer drops.
class TextFile {
 public:
  // Throws UsageError where there is no such file, Error for a damaged one and for an archive of several
  // files.
  explicit TextFile(std::filesystem::path path);
  ~TextFile();
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;

  // Valid until the next call; empty at the end.
  std::string_view next_block();
  const std::filesystem::path& path() const { return path_; }

 private:
  void begin();
  std::string_view next_decoded();
  std::string_view next_bytes();

  std::filesystem::path path_;
  TextSource source_;
  std::unique_ptr<Utf16Converter> utf16_;  // none: the file is UTF-8
  std::string head_;                       // the first bytes, until they are given out
  std::string given_head_, decoded_;       // what next_block() points into
  bool begun_ = false, ended_ = false;
};

}  // namespace cloze
