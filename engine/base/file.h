#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace cloze {

// The whole file as bytes; throws Error naming the path and the system's reason.
std::string read_file(const std::filesystem::path& path);

// A file mapped read-only; pages are read as they are touched.
class MappedFile {
 public:
  MappedFile() = default;
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  // Has the system begin to read all of it, which goes on meanwhile.
  void read_ahead() const;
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }
  size_t size() const { return size_; }

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

// A file that appears whole or not at all: written beside `path`, fsynced and renamed by commit(), removed by
// the destructor otherwise. A failed write (a full disk) throws Error, leaves what was at `path` alone and
// gives the new file up for good: commit() after it throws too.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }
  uint64_t bytes_written() const { return bytes_written_; }
  void commit();

 private:
  void flush();
  void give_up();
  [[noreturn]] void give_up_and_fail(const char* action, int error_number);
  [[noreturn]] void fail(const char* action, int error_number) const;

  std::filesystem::path path_, temporary_;
  int descriptor_ = -1;
  std::string buffer_;
  uint64_t bytes_written_ = 0;
};

void write_file(const std::filesystem::path& path, std::string_view text);

// fsync of a folder, so that a rename inside it survives a power cut.
void sync_folder(const std::filesystem::path& folder);

// A 128-bit XXH3 digest in hex (32 digits): for checksums, not for security.
std::string digest(std::span<const std::byte> bytes);
inline std::string digest(std::string_view text) {
  return digest(std::as_bytes(std::span(text.data(), text.size())));
}

// XXH3-64 of bytes, for hash tables and duplicate detection.
uint64_t hash64(std::span<const std::byte> bytes, uint64_t seed = 0);
inline uint64_t hash64(std::string_view text, uint64_t seed = 0) {
  return hash64(std::as_bytes(std::span(text.data(), text.size())), seed);
}

}  // namespace cloze
