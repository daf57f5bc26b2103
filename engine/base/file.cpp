#include "engine/base/file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <atomic>
#include <cerrno>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/mapping_faults.h"

namespace cloze {
namespace {

constexpr size_t write_buffer_bytes = 1 << 20;

struct Descriptor {
  int value;
  explicit Descriptor(const std::filesystem::path& path) : value(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (value < 0) {
      throw Error({.what = "cannot open file", .where = path.string(), .why = system_message(errno)});
    }
  }
  ~Descriptor() { ::close(value); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  const Descriptor file(path);
  std::string text;
  size_t used = 0;
  for (;;) {
    if (text.size() - used < 65536) text.resize(text.size() * 2 + 131072);
    const ssize_t count = ::read(file.value, text.data() + used, text.size() - used);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      throw Error({.what = "cannot read file", .where = path.string(), .why = system_message(errno)});
    }
    if (count == 0) break;
    used += static_cast<size_t>(count);
  }
  text.resize(used);
  return text;
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const Descriptor file(path);
  struct stat status = {};
  if (::fstat(file.value, &status) != 0 || !S_ISREG(status.st_mode)) {
    throw Error({.what = "cannot map file", .where = path.string(), .why = "not a regular file"});
  }
  size_ = static_cast<size_t>(status.st_size);
  if (size_ == 0) return;
  void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.value, 0);
  if (mapped == MAP_FAILED) {
    throw Error({.what = "cannot map file", .where = path.string(), .why = system_message(errno)});
  }
  data_ = static_cast<const std::byte*>(mapped);
  note_mapping(data_, size_, path.native());
}

void MappedFile::read_ahead() const {
  if (data_ != nullptr) ::madvise(const_cast<std::byte*>(data_), size_, MADV_WILLNEED);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ == nullptr) return;
  forget_mapping(data_);
  ::munmap(const_cast<std::byte*>(data_), size_);
}

AtomicFile::AtomicFile(std::filesystem::path path) : path_(std::move(path)) {
  static std::atomic<uint64_t> count = 0;  // two threads may write one path at a time: the later commit stays
  temporary_ = path_;
  temporary_ += fmt::format(".{}-{}.partial", ::getpid(), ++count);
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("cannot create file", errno);
}

AtomicFile::~AtomicFile() {
  give_up();
}

void AtomicFile::give_up() {
  if (descriptor_ < 0) return;
  ::close(std::exchange(descriptor_, -1));
  ::unlink(temporary_.c_str());
}

// After a failure nobody knows how much of the buffer was written, and a second fsync might claim success.
void AtomicFile::give_up_and_fail(const char* action, int error_number) {
  give_up();
  fail(action, error_number);
}

void AtomicFile::fail(const char* action, int error_number) const {
  throw Error({.what = action,
               .where = path_.string(),
               .why = system_message(error_number),
               .remedy = error_number == ENOSPC
                             ? "free some space; nothing that was there before has been touched"
                             : ""});
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  bytes_written_ += bytes.size();
  buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (buffer_.size() >= write_buffer_bytes) flush();
}

void AtomicFile::flush() {
  size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t count = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) give_up_and_fail("cannot write file", errno);
    done += static_cast<size_t>(count);
  }
  buffer_.clear();
}

void AtomicFile::commit() {
  flush();
  if (::fsync(descriptor_) != 0) give_up_and_fail("cannot write file", errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) {
    const int error_number = errno;
    ::unlink(temporary_.c_str());
    fail("cannot write file", error_number);
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int error_number = errno;
    ::unlink(temporary_.c_str());
    fail("cannot rename file into place", error_number);
  }
  sync_folder(path_.has_parent_path() ? path_.parent_path() : ".");
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

void sync_folder(const std::filesystem::path& folder) {
  const Descriptor opened(folder);
  if (::fsync(opened.value) != 0 && errno != EINVAL) {
    throw Error({.what = "cannot sync folder", .where = folder.string(), .why = system_message(errno)});
  }
}

std::string digest(std::span<const std::byte> bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

uint64_t hash64(std::span<const std::byte> bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace cloze
