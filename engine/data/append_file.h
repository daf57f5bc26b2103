#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace cloze {

// A file that grows at its end and can be cut back to what an earlier sync() had made safe: what a long job
// writes that may be killed at any moment. Throws Error naming the file and the system's reason.
class AppendFile {
 public:
  // Opens or creates it and cuts it to `length` bytes; a shorter file is an Error.
  AppendFile(std::filesystem::path path, uint64_t length);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  template <typename T>
  void append(std::span<const T> items) {
    append_bytes(std::as_bytes(items));
  }
  // Everything appended so far is on the disk when this returns.
  void sync();
  uint64_t size() const { return size_; }

 private:
  void append_bytes(std::span<const std::byte> bytes);
  void flush();
  [[noreturn]] void fail(const char* action, int error_number) const;

  std::filesystem::path path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;  // with what is still in the buffer
  std::string buffer_;
};

}  // namespace cloze
