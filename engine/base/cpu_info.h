#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cloze {

struct CpuInfo {
  std::string model;   // "AMD EPYC 7B13", or "unknown processor"
  int processors = 0;  // that this process may run on
  std::vector<std::string>
      features;  // of those that matter to matrix code, in rising order: "avx2", "fma", ...

  std::string text() const;  // "AMD EPYC 7B13, 2 processors, avx2 fma"
};

CpuInfo cpu_info();

// Model and features out of the text of /proc/cpuinfo (x86 or Arm); `processors` counts its entries.
CpuInfo parse_cpu_info(std::string_view text);

}  // namespace cloze
