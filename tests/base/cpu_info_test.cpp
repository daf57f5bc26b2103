#include "engine/base/cpu_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloze {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CpuInfo, X86) {
  const CpuInfo info = parse_cpu_info(
      "processor\t: 0\nmodel name\t: Example CPU 7 @ 2.0GHz\nflags\t\t: fpu sse4_2 avx avx2x fma avx512f\n\n"
      "processor\t: 1\nmodel name\t: Another\nflags\t\t: fpu\n");
  EXPECT_EQ(info.model, "Example CPU 7 @ 2.0GHz");
  EXPECT_EQ(info.processors, 2);
  EXPECT_THAT(info.features, ElementsAre("sse4_2", "avx", "fma", "avx512f"));  // avx2x is not avx2
  EXPECT_EQ(info.text(), "Example CPU 7 @ 2.0GHz, 2 processors, sse4_2 avx fma avx512f");
}

TEST(CpuInfo, Arm) {
  const CpuInfo info = parse_cpu_info(
      "processor\t: 0\nFeatures\t: fp asimd sve bf16\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n");
  EXPECT_EQ(info.model, "Arm implementer 0x41 part 0xd40");
  EXPECT_THAT(info.features, ElementsAre("asimd", "bf16", "sve"));
}

TEST(CpuInfo, Unknown) {
  const CpuInfo info = parse_cpu_info("");
  EXPECT_EQ(info.text(), "unknown processor, 0 processors, no known features");
  EXPECT_THAT(info.features, IsEmpty());
}

TEST(CpuInfo, OfThisMachine) {
  EXPECT_GE(cpu_info().processors, 1);
  EXPECT_FALSE(cpu_info().model.empty());
}

}  // namespace
}  // namespace cloze
