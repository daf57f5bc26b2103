#pragma once

#include <filesystem>

namespace cloze {

// Holds a lock file as long as it lives, so that two processes do not write one run folder. The lock (flock)
// is the kernel's: it is gone when the process is, whatever became of it, and the file left behind locks
// nothing.
class FileLock {
 public:
  // Throws Error naming the process and the host that hold the lock, or the reason why it cannot be had.
  explicit FileLock(std::filesystem::path path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace cloze
