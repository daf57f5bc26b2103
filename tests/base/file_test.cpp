#include "engine/base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <optional>

#include "engine/base/error.h"
#include "tests/base/scratch_folder.h"

namespace cloze {
namespace {

using testing::HasSubstr;

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

// While it lives, writing a file beyond `bytes` fails with EFBIG, as a full disk does with ENOSPC.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) : earlier_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &earlier_limit_);
    const rlimit small = {bytes, earlier_limit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &earlier_limit_);
    std::signal(SIGXFSZ, earlier_handler_);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  void (*earlier_handler_)(int);
  rlimit earlier_limit_ = {};
};

TEST(File, ReadsWhatWasWritten) {
  const ScratchFolder folder;
  std::string text(300'000, 'x');
  text += std::string("\0\xFF\n", 3);
  write_file(folder / "a", text);
  EXPECT_EQ(read_file(folder / "a"), text);
  EXPECT_EQ(MappedFile(folder / "a").text(), text);
  write_file(folder / "a", "");
  EXPECT_EQ(read_file(folder / "a"), "");
  EXPECT_EQ(MappedFile(folder / "a").size(), 0u);
  EXPECT_EQ(folder.file_count(), 1);
}

TEST(File, ReadsFilesOfUnknownSize) {
  EXPECT_THAT(read_file("/proc/self/status"), HasSubstr("VmRSS"));
}

TEST(File, ErrorsNamePathAndReason) {
  const ScratchFolder folder;
  const std::string missing = folder / "missing";
  EXPECT_EQ(message_of([&] { read_file(missing); }),
            "cannot open file\n  where: " + missing + "\n  why: No such file or directory");
  EXPECT_THAT(message_of([&] { read_file(folder.path()); }), HasSubstr("Is a directory"));
  EXPECT_THAT(message_of([&] { MappedFile mapped(folder.path()); }), HasSubstr("not a regular file"));
  EXPECT_THAT(message_of([&] { write_file(folder / "none/a", "x"); }), HasSubstr("cannot create file"));
  EXPECT_THAT(message_of([&] { sync_folder(folder / "none"); }), HasSubstr("No such file or directory"));
}

TEST(MappedFile, CanBeMoved) {
  const ScratchFolder folder;
  write_file(folder / "a", "abc");
  MappedFile first(folder / "a");
  MappedFile second(std::move(first));
  MappedFile third;
  third = std::move(second);
  EXPECT_EQ(third.text(), "abc");
}

TEST(AtomicFile, AppearsWholeOrNotAtAll) {
  const ScratchFolder folder;
  write_file(folder / "a", "old");
  {
    AtomicFile file(folder / "a");
    file.write("new");
    EXPECT_EQ(file.bytes_written(), 3u);
    EXPECT_EQ(read_file(folder / "a"), "old");
  }
  EXPECT_EQ(read_file(folder / "a"), "old");
  EXPECT_EQ(folder.file_count(), 1);
  AtomicFile file(folder / "a");
  file.write("new");
  file.commit();
  EXPECT_EQ(read_file(folder / "a"), "new");
  EXPECT_EQ(folder.file_count(), 1);
}

TEST(AtomicFile, TwoOfOnePathDoNotMix) {
  const ScratchFolder folder;
  AtomicFile first(folder / "a"), second(folder / "a");
  first.write("first, which is longer");
  second.write("second");
  first.commit();
  EXPECT_EQ(read_file(folder / "a"), "first, which is longer");
  second.commit();
  EXPECT_EQ(read_file(folder / "a"), "second");
  EXPECT_EQ(folder.file_count(), 1);
}

TEST(AtomicFile, AFullDiskLeavesTheOldFile) {
  const ScratchFolder folder;
  write_file(folder / "a", "old");
  std::optional<AtomicFile> file(folder / "a");
  std::string while_writing, after_that;
  {
    const SmallDisk disk(4096);
    while_writing = message_of([&] { file->write(std::string(3 << 20, 'x')); });
  }
  // There is room again, but half of the data is gone: nothing may be committed.
  after_that = message_of([&] { file->commit(); });
  EXPECT_EQ(while_writing,
            "cannot write file\n  where: " + (folder / "a").string() + "\n  why: File too large");
  EXPECT_THAT(after_that, HasSubstr("cannot write file"));
  file.reset();
  EXPECT_EQ(read_file(folder / "a"), "old");
  EXPECT_EQ(folder.file_count(), 1);
}

TEST(AtomicFile, AFullDiskAtCommit) {
  const ScratchFolder folder;
  write_file(folder / "a", "old");
  std::string message;
  {
    const SmallDisk disk(1);
    message = message_of([&] { write_file(folder / "a", "new"); });
  }
  EXPECT_THAT(message, HasSubstr("File too large"));
  EXPECT_EQ(read_file(folder / "a"), "old");
  EXPECT_EQ(folder.file_count(), 1);
}

TEST(AtomicFile, CannotReplaceAFolder) {
  const ScratchFolder folder;
  std::filesystem::create_directories(folder / "a/b");
  EXPECT_THAT(message_of([&] { write_file(folder / "a", "x"); }), HasSubstr("cannot rename file into place"));
  EXPECT_EQ(folder.file_count(), 1);
}

TEST(Digest, KnownValues) {  // XXH3 of the empty input and of "abc", from the xxHash reference
  EXPECT_EQ(digest(""), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(hash64(""), 0x2d06800538d394c2u);
  EXPECT_EQ(digest("abc"), "06b05ab6733a618578af5f94892f3950");
  EXPECT_NE(hash64("abc", 1), hash64("abc", 2));
}

}  // namespace
}  // namespace cloze
