#include "engine/train/metric_sink_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "engine/base/error.h"

namespace cloze {

AppendedFile::AppendedFile(std::filesystem::path path, Existing existing) : path_(std::move(path)) {
  const int exclusive = existing == Existing::refuse ? O_EXCL : 0;
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | exclusive, 0666);
  if (descriptor_ < 0) {
    throw Error(
        {.what = "cannot open file to append to", .where = path_.string(), .why = system_message(errno)});
  }
  size_ = ::lseek(descriptor_, 0, SEEK_END);
}

AppendedFile::~AppendedFile() {
  ::close(descriptor_);
}

void AppendedFile::append(std::string_view record) {
  size_t done = 0;
  while (done < record.size()) {
    const ssize_t count = ::write(descriptor_, record.data() + done, record.size() - done);
    if (count >= 0) {
      done += static_cast<size_t>(count);
    } else if (const int error_number = errno; error_number != EINTR) {
      (void)!::ftruncate(descriptor_, size_);  // half a record would spoil the next one too
      throw Error(
          {.what = "cannot append to file", .where = path_.string(), .why = system_message(error_number)});
    }
  }
  size_ += static_cast<int64_t>(record.size());
}

}  // namespace cloze
