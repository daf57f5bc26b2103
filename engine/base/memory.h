#pragma once

#include <cstdint>
#include <string_view>

namespace cloze {

// Bytes of main memory. Where the process lives in a control group with a limit (a container), the machine is
// that limit and what is left of it.
struct MachineMemory {
  uint64_t total = 0;
  uint64_t available = 0;  // could be used without swapping
};
MachineMemory machine_memory();

struct ProcessMemory {
  uint64_t resident = 0;
  uint64_t peak_resident = 0;
};
ProcessMemory process_memory();

// The number of bytes that a line like "MemTotal:  16305 kB" gives for `key`, or 0: /proc/meminfo,
// /proc/self/status.
uint64_t kernel_bytes(std::string_view text, std::string_view key);

}  // namespace cloze
