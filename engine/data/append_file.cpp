#include "engine/data/append_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "engine/base/error.h"

namespace cloze {
namespace {

constexpr size_t buffer_bytes = 1 << 20;

}  // namespace

AppendFile::AppendFile(std::filesystem::path path, uint64_t length) : path_(std::move(path)), size_(length) {
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("cannot create file", errno);
  struct stat status = {};
  if (::fstat(descriptor_, &status) != 0) fail("cannot open file", errno);
  if (static_cast<uint64_t>(status.st_size) < length) {
    ::close(descriptor_);
    throw Error({.what = "an unfinished file is shorter than it was",
                 .where = path_.string(),
                 .why = fmt::format("it has {} bytes, {} had been written", status.st_size, length),
                 .remedy = "start again with --overwrite"});
  }
  if (::ftruncate(descriptor_, static_cast<off_t>(length)) != 0) fail("cannot write file", errno);
  if (::lseek(descriptor_, 0, SEEK_END) < 0) fail("cannot write file", errno);
}

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void AppendFile::append_bytes(std::span<const std::byte> bytes) {
  size_ += bytes.size();
  buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (buffer_.size() >= buffer_bytes) flush();
}

void AppendFile::flush() {
  size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t count = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("cannot write file", errno);
    done += static_cast<size_t>(count);
  }
  buffer_.clear();
}

void AppendFile::sync() {
  flush();
  if (::fdatasync(descriptor_) != 0) fail("cannot write file", errno);
}

void AppendFile::fail(const char* action, int error_number) const {
  throw Error({.what = action,
               .where = path_.string(),
               .why = system_message(error_number),
               .remedy = error_number == ENOSPC
                             ? "free some space and start again: the work goes on where it stopped"
                             : ""});
}

}  // namespace cloze
