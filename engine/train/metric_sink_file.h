#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace cloze {

// A file that grows record by record. A record is written whole or, where the disk is full, not at all; it
// can be read by others when append() returns.
class AppendedFile {
 public:
  enum class Existing { append, refuse };

  explicit AppendedFile(std::filesystem::path path, Existing existing = Existing::append);
  ~AppendedFile();
  AppendedFile(const AppendedFile&) = delete;
  AppendedFile& operator=(const AppendedFile&) = delete;

  void append(std::string_view record);
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  int64_t size_ = 0;
};

}  // namespace cloze
