#include "engine/base/cpu_info.h"

#include <fmt/core.h>
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <map>

#include "engine/base/file.h"

namespace cloze {
namespace {

// As Linux names them.
constexpr std::array features_of_interest = {
    "sse4_2",   "avx",         "avx2",        "fma",      "f16c",     "avx512f",  "avx512bw", "avx512_vnni",
    "avx_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16", "amx_int8", "asimd",    "asimdhp",
    "asimddp",  "bf16",        "i8mm",        "sve",      "sve2",     "svebf16",  "sme"};

std::string_view trimmed(std::string_view text) {
  const size_t start = std::min(text.find_first_not_of(" \t"), text.size());
  const size_t end = text.find_last_not_of(" \t");
  return end == std::string_view::npos ? std::string_view() : text.substr(start, end - start + 1);
}

bool has_word(std::string_view words, std::string_view word) {
  for (size_t start = 0; start < words.size();) {
    const size_t end = std::min(words.find(' ', start), words.size());
    if (words.substr(start, end - start) == word) return true;
    start = end + 1;
  }
  return false;
}

}  // namespace

CpuInfo parse_cpu_info(std::string_view text) {
  std::map<std::string_view, std::string_view> first;  // the first processor speaks for all
  CpuInfo info;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = text.substr(start, end - start);
    start = end + 1;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = trimmed(line.substr(0, colon));
    first.emplace(key, trimmed(line.substr(colon + 1)));
    if (key == "processor") ++info.processors;
  }
  info.model = first["model name"];
  if (info.model.empty() && !first["CPU part"].empty()) {
    info.model = fmt::format("Arm implementer {} part {}", first["CPU implementer"], first["CPU part"]);
  }
  if (info.model.empty()) info.model = "unknown processor";
  const std::string_view words = first["flags"].empty() ? first["Features"] : first["flags"];
  for (const char* feature : features_of_interest) {
    if (has_word(words, feature)) info.features.emplace_back(feature);
  }
  return info;
}

CpuInfo cpu_info() {
  CpuInfo info = parse_cpu_info(read_file("/proc/cpuinfo"));
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) info.processors = CPU_COUNT(&allowed);
  return info;
}

std::string CpuInfo::text() const {
  const char* unit = processors == 1 ? "processor" : "processors";
  return fmt::format("{}, {} {}, {}", model, processors, unit,
                     features.empty() ? "no known features" : fmt::format("{}", fmt::join(features, " ")));
}

}  // namespace cloze
