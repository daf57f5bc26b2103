// What ptxas reported of every CUDA kernel when it was compiled (cmake/keep_ptxas_report.sh): no spills where
// they would cost, for every GPU that is compiled for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace cloze::testing {
namespace {

struct KernelReport {
  std::string kernel, gpu;  // mangled name; "sm_90"
  int stack_bytes = -1, spill_bytes = -1, registers = -1;
};

std::vector<KernelReport> read_report(std::istream& text) {
  const std::regex entry("Compiling entry function '([^']*)' for '([^']*)'");
  const std::regex frame(
      "([0-9]+) bytes stack frame, ([0-9]+) bytes spill stores, ([0-9]+) bytes spill loads");
  const std::regex used("Used ([0-9]+) registers");
  std::vector<KernelReport> reports;
  std::smatch match;
  for (std::string line; std::getline(text, line);) {
    if (std::regex_search(line, match, entry)) reports.push_back({match[1], match[2]});
    if (reports.empty()) continue;
    if (std::regex_search(line, match, frame)) {
      reports.back().stack_bytes = std::stoi(match[1]);
      reports.back().spill_bytes = std::stoi(match[2]) + std::stoi(match[3]);
    }
    if (std::regex_search(line, match, used)) reports.back().registers = std::stoi(match[1]);
  }
  return reports;
}

std::vector<KernelReport> reports_of(const std::string& family) {
  std::vector<KernelReport> all;
  for (const auto& file : std::filesystem::recursive_directory_iterator(CLOZE_CUDA_OBJECTS)) {
    const std::string path = file.path().generic_string();
    if (!path.ends_with(".ptxas") || path.find("/" + family + "/") == std::string::npos) continue;
    std::ifstream text(file.path());
    const std::vector<KernelReport> reports = read_report(text);
    all.insert(all.end(), reports.begin(), reports.end());
  }
  return all;
}

TEST(CudaReport, IsReadAsPtxasWritesIt) {
  std::istringstream text(
      "ptxas info    : 0 bytes gmem\n"
      "ptxas info    : Compiling entry function '_Z3onev' for 'sm_80'\n"
      "ptxas info    : Function properties for _Z3onev\n"
      "    8 bytes stack frame, 12 bytes spill stores, 4 bytes spill loads\n"
      "ptxas info    : Used 44 registers, used 1 barriers, 8192 bytes smem\n"
      "ptxas info    : Compiling entry function '_Z3twov' for 'sm_90'\n"
      "    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n"
      "ptxas info    : Used 7 registers\n");
  const std::vector<KernelReport> reports = read_report(text);
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].kernel, "_Z3onev");
  EXPECT_EQ(reports[0].gpu, "sm_80");
  EXPECT_EQ(reports[0].stack_bytes, 8);
  EXPECT_EQ(reports[0].spill_bytes, 16);
  EXPECT_EQ(reports[0].registers, 44);
  EXPECT_EQ(reports[1].spill_bytes, 0);
}

class KernelReports : public ::testing::TestWithParam<const char*> {};

TEST_P(KernelReports, NoSpillsAndNoLocalMemory) {
  const std::vector<KernelReport> reports = reports_of(GetParam());
  ASSERT_FALSE(reports.empty()) << "no report under " << CLOZE_CUDA_OBJECTS;
  std::set<std::string> gpus;
  for (const KernelReport& report : reports) {
    gpus.insert(report.gpu);
    EXPECT_EQ(report.spill_bytes, 0) << report.kernel << " on " << report.gpu;
    EXPECT_EQ(report.stack_bytes, 0) << report.kernel << " on " << report.gpu;
    EXPECT_GT(report.registers, 0) << report.kernel << " on " << report.gpu;
  }
  EXPECT_THAT(gpus, ::testing::IsSupersetOf({"sm_80", "sm_90"}));
}

INSTANTIATE_TEST_SUITE_P(Families, KernelReports,
                         ::testing::Values("activation", "attention", "common", "cross_entropy",
                                           "elementwise", "embedding", "layer_norm", "linear", "optimizer",
                                           "quantize", "rows", "segment_pooling"),
                         [](const auto& family) { return std::string(family.param); });

}  // namespace
}  // namespace cloze::testing
