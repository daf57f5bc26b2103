#include "engine/base/file_lock.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "engine/base/error.h"

namespace cloze {
namespace {

std::string host_name() {
  std::array<char, 256> name = {};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "an unknown host";
  return name.data();
}

[[noreturn]] void fail(const std::filesystem::path& path, int error_number) {
  throw Error({.what = "cannot lock", .where = path.string(), .why = system_message(error_number)});
}

[[noreturn]] void fail_held(const std::filesystem::path& path, int descriptor) {
  std::array<char, 512> text = {};
  const ssize_t count = ::pread(descriptor, text.data(), text.size() - 1, 0);
  std::string holder(text.data(), count > 0 ? static_cast<size_t>(count) : 0);
  while (holder.ends_with('\n')) holder.pop_back();
  if (holder.empty()) holder = "another process";  // which is just about to write its name
  ::close(descriptor);
  throw Error({.what = "this is in use by another process",
               .where = path.string(),
               .why = fmt::format("it is locked by {}", holder),
               .remedy = "wait for it, stop it, or choose another folder"});
}

// Whether `path` still is the opened file: its holder removes it on release, between our open and our flock
// maybe.
bool is_still(const std::filesystem::path& path, int descriptor) {
  struct stat opened = {}, present = {};
  if (::fstat(descriptor, &opened) != 0 || ::stat(path.c_str(), &present) != 0) return false;
  return opened.st_dev == present.st_dev && opened.st_ino == present.st_ino;
}

int open_and_lock(const std::filesystem::path& path) {
  for (;;) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) fail(path, errno);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      const int error_number = errno;
      if (error_number == EWOULDBLOCK) fail_held(path, descriptor);
      ::close(descriptor);
      if (error_number != EINTR) fail(path, error_number);
    } else if (is_still(path, descriptor)) {
      return descriptor;
    } else {
      ::close(descriptor);
    }
  }
}

}  // namespace

FileLock::FileLock(std::filesystem::path path) : path_(std::move(path)), descriptor_(open_and_lock(path_)) {
  const std::string holder = fmt::format("process {} on {}\n", ::getpid(), host_name());
  const bool written = ::ftruncate(descriptor_, 0) == 0 && ::pwrite(descriptor_, holder.data(), holder.size(),
                                                                    0) == static_cast<ssize_t>(holder.size());
  if (written) return;
  const int error_number = errno;
  ::unlink(path_.c_str());
  ::close(descriptor_);
  fail(path_, error_number);
}

FileLock::~FileLock() {
  ::unlink(path_.c_str());  // while it is still held: nobody can have it yet
  ::close(descriptor_);
}

}  // namespace cloze
