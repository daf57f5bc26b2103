#include "engine/base/mapping_faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"

namespace cloze {
namespace {

using ::testing::ExitedWithCode;
using ::testing::KilledBySignal;

constexpr size_t two_pages = 8192;

int read_last(const MappedFile& file) {
  return static_cast<int>(*(static_cast<const volatile std::byte*>(file.bytes().data()) + file.size() - 1));
}

[[noreturn]] void read_while_it_is_cut_short(const std::filesystem::path& path) {
  report_mapping_faults();
  const MappedFile other(path), file(path);
  std::filesystem::resize_file(path, 1);
  std::exit(read_last(file) == 'x' ? 0 : 3);
}

TEST(MappingFaultsDeathTest, NameTheFileThatWasCutShort) {
  const ScratchFolder folder;
  write_file(folder / "parameters", std::string(two_pages, 'x'));
  EXPECT_EXIT(read_while_it_is_cut_short(folder / "parameters"), ExitedWithCode(1),
              "a file cannot be read any more\n  where: .*parameters\n  why: it was cut short");
}

TEST(MappingFaultsDeathTest, LeaveOtherFaultsAsTheyAre) {
  EXPECT_EXIT(
      {
        report_mapping_faults();
        std::raise(SIGBUS);
        std::exit(0);
      },
      KilledBySignal(SIGBUS), "");
}

TEST(MappingFaults, AreKnownOfAnyNumberOfFiles) {
  const ScratchFolder folder;
  write_file(folder / "file", "x");
  std::vector<MappedFile> files;
  for (int i = 0; i < 600; ++i) files.emplace_back(folder / "file");
  EXPECT_EQ(files.back().text(), "x");
}

}  // namespace
}  // namespace cloze
