#include "engine/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"

namespace cloze {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Log, GoesToStandardErrorAndTheFile) {
  const ScratchFolder folder;
  log::set_file(folder / "log.txt");
  testing::internal::CaptureStderr();
  log::info("step {}", 5);
  log::warning("careful {{}}");
  log::debug("not shown");
  log::set_level(log::Level::error);
  log::info("too quiet");
  log::error("broken");
  log::set_level(log::Level::info);
  log::set_file({});
  log::info("no longer in the file");
  const std::string shown = testing::internal::GetCapturedStderr();
  EXPECT_THAT(
      shown, AllOf(HasSubstr(" step 5\n"), HasSubstr(" warning: careful {}\n"), HasSubstr(" error: broken\n"),
                   HasSubstr("no longer"), Not(HasSubstr("not shown")), Not(HasSubstr("too quiet"))));
  const std::string file = read_file(folder / "log.txt");
  EXPECT_THAT(file, AllOf(HasSubstr(" step 5\n"), HasSubstr("careful"), HasSubstr("broken"),
                          Not(HasSubstr("no longer"))));
}

}  // namespace
}  // namespace cloze
