#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/file.h"

namespace cloze {

// What a written file must still look like when it is read.
struct FileRecord {
  uint64_t bytes = 0;
  std::string digest;  // as digest() of engine/base/file.h
  friend bool operator==(const FileRecord&, const FileRecord&) = default;
};

FileRecord record_of(std::span<const std::byte> bytes);

// An AtomicFile that digests what it was asked to write (not what the disk made of it).
class ChecksummedFile {
 public:
  explicit ChecksummedFile(const std::filesystem::path& path);
  ~ChecksummedFile();

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }
  FileRecord commit();

 private:
  struct Digester;
  AtomicFile file_;
  std::unique_ptr<Digester> digester_;
};

}  // namespace cloze
