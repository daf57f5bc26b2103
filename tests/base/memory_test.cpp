#include "engine/base/memory.h"

#include <gtest/gtest.h>

#include <vector>

namespace cloze {
namespace {

TEST(Memory, KernelLines) {
  constexpr const char* text = "MemTotalX:   1 kB\nMemTotal:       16305 kB\nThreads:\t7\nVmRSS:\t  12 kB";
  EXPECT_EQ(kernel_bytes(text, "MemTotal"), 16305u * 1024);
  EXPECT_EQ(kernel_bytes(text, "Threads"), 7u);
  EXPECT_EQ(kernel_bytes(text, "VmRSS"), 12u * 1024);
  EXPECT_EQ(kernel_bytes(text, "VmHWM"), 0u);
  EXPECT_EQ(kernel_bytes("", "x"), 0u);
}

TEST(Memory, OfTheMachine) {
  const MachineMemory memory = machine_memory();
  EXPECT_GT(memory.total, uint64_t{64} << 20);
  EXPECT_GT(memory.available, 0u);
  EXPECT_LE(memory.available, memory.total);
}

TEST(Memory, ThePeakStaysWhenMemoryIsGivenBack) {
  constexpr size_t bytes = size_t{64} << 20;
  const ProcessMemory before = process_memory();
  EXPECT_GT(before.resident, 0u);
  {
    const std::vector<char> large(bytes, 1);
    EXPECT_GE(process_memory().resident, before.resident + bytes / 2) << large[bytes / 2];
  }
  const ProcessMemory after = process_memory();
  EXPECT_GE(after.peak_resident, before.resident + bytes / 2);
  EXPECT_LE(after.resident, after.peak_resident);
}

}  // namespace
}  // namespace cloze
