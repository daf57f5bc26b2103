// The checker on the house itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
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

// The names of the functions that a text declares or defines for a device at the beginning of a line.
std::set<std::string> kernels_for(const std::string& device, const std::string& text) {
  const std::string_view result = "void ";
  std::set<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t end = line.find("(" + device + "&,");
    if (line.starts_with(result) && end != std::string::npos)
      names.insert(line.substr(result.size(), end - result.size()));
  }
  return names;
}

// Else a build without the CUDA toolkit, which no test here makes, does not link.
TEST(Repository, AnswersForEveryKernelInABuildWithoutCuda) {
  const std::set<std::string> answered = kernels_for("Cuda", read_file(root / "kernels/no_cuda.cpp"));
  std::set<std::string> missing;
  size_t kernels = 0;
  for (const std::string& file : repository_files(root)) {
    if (!file.starts_with("kernels/") || !file.ends_with(".h")) continue;
    const std::string text = read_file(root / file);
    const std::set<std::string> cpu = kernels_for("Cpu", text);
    for (const std::string& name : kernels_for("Cuda", text)) {
      if (!cpu.contains(name)) continue;  // a part of another
      ++kernels;
      if (!answered.contains(name)) missing.insert(file + ": " + name);
    }
  }
  EXPECT_GT(kernels, 25u);
  EXPECT_THAT(missing, testing::IsEmpty());
}

}  // namespace
}  // namespace cloze::architecture
