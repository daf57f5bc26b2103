#include "engine/base/file_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"

namespace cloze {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string message_of_locking(const std::filesystem::path& path) {
  try {
    const FileLock lock(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "locked";
}

TEST(FileLock, TheSecondTakerIsToldWhoHoldsIt) {
  const ScratchFolder folder;
  {
    const FileLock lock(folder / "lock");
    EXPECT_THAT(message_of_locking(folder / "lock"),
                AllOf(HasSubstr("this is in use by another process\n  where: " + (folder / "lock").string()),
                      HasSubstr(fmt::format("it is locked by process {} on ", ::getpid())),
                      HasSubstr("try: wait for it")));
  }
  EXPECT_EQ(folder.file_count(), 0);
  EXPECT_EQ(message_of_locking(folder / "lock"), "locked");
}

TEST(FileLock, WorksBetweenProcesses) {
  const ScratchFolder folder;
  int ready[2], done[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  char byte = 0;
  if (child == 0) {
    const FileLock lock(folder / "lock");
    const bool told = ::write(ready[1], "x", 1) == 1 && ::read(done[0], &byte, 1) == 1;
    ::_exit(told ? 0 : 1);  // without unlocking, as a crash would
  }
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THAT(message_of_locking(folder / "lock"), HasSubstr(fmt::format("process {} on ", child)));
  ASSERT_EQ(::write(done[1], "x", 1), 1);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(std::filesystem::exists(folder / "lock"));
  EXPECT_EQ(message_of_locking(folder / "lock"), "locked");  // the file left behind locks nothing
  for (const int descriptor : {ready[0], ready[1], done[0], done[1]}) ::close(descriptor);
}

TEST(FileLock, WhatCannotBeLocked) {
  const ScratchFolder folder;
  EXPECT_THAT(message_of_locking(folder / "none/lock"), HasSubstr("cannot lock\n  where: "));
  EXPECT_THAT(message_of_locking(folder.path()), HasSubstr("Is a directory"));
}

}  // namespace
}  // namespace cloze
