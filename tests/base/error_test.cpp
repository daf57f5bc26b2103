#include "engine/base/error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace cloze {
namespace {

TEST(Error, ShowsWhatIsThereAndNothingElse) {
  EXPECT_STREQ(Error({.what = "a"}).what(), "a");
  EXPECT_STREQ(Error({.what = "a", .where = "b", .why = "c", .remedy = "d"}).what(),
               "a\n  where: b\n  why: c\n  try: d");
  EXPECT_STREQ(Error({.what = "a", .remedy = "d"}).what(), "a\n  try: d");
}

TEST(Error, KeepsTheProblem) {
  try {
    throw UsageError({.what = "a", .where = "b"});
  } catch (const Error& error) {
    EXPECT_EQ(error.problem().where, "b");
    EXPECT_NE(dynamic_cast<const UsageError*>(&error), nullptr);
  }
}

TEST(Error, SystemMessages) {
  EXPECT_EQ(system_message(ENOENT), "No such file or directory");
}

}  // namespace
}  // namespace cloze
