// The checker on the house itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/file.h"
#include "tests/architecture/rules.h"

namespace cloze::architecture {
namespace {

const std::filesystem::path root = CLOZE_SOURCE_DIR;

TEST(Repository, IsWalkedWhole) {
  const std::vector<std::string> files = repository_files(root);
  EXPECT_THAT(files, testing::IsSupersetOf({"CMakeLists.txt", "engine/base/error.h",
                                            "kernels/common/philox.h", "tests/architecture/tree_test.cpp"}));
  const auto is_output = [](const std::string& file) {
    return file.starts_with("build/") || file.starts_with(".git/");
  };
  EXPECT_TRUE(std::none_of(files.begin(), files.end(), is_output));
}

TEST(Repository, KeepsTheRulesOfTheHouse) {
  std::vector<std::string> broken;
  for (const std::string& file : repository_files(root)) {
    const std::vector<std::string> found = check_file(file, read_file(root / file));
    broken.insert(broken.end(), found.begin(), found.end());
  }
  std::string report;
  for (const std::string& line : broken) report += "  " + line + "\n";
  EXPECT_TRUE(broken.empty()) << report;
}

}  // namespace
}  // namespace cloze::architecture
