#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "engine/base/cpu_info.h"
#include "engine/base/memory.h"
#include "engine/observe/build_facts.h"
#include "engine/observe/gpu_facts.h"

namespace cloze {

// What a training run would find on this machine.
struct MachineFacts {
  std::string system;        // "Debian GNU/Linux 12 (bookworm), Linux 6.1.0"
  std::string distribution;  // ID of /etc/os-release: "debian"
  CpuInfo cpu;
  int cores = 0;       // physical, of the whole machine; 0: the system does not say
  int processors = 0;  // hardware threads of the whole machine
  int threads = 0;     // that a run uses where `threads` is 0
  double load = 0;     // programs that ran at a time during the last minute
  std::string kernel_target, matmul_library_target;
  bool multiplies_bf16 = false;  // `precision: bf16` is faster here
  MachineMemory memory;
  std::string huge_pages;  // the setting of transparent huge pages: "always", "madvise", "never"; or empty
  GpuFacts gpu;
  BuildFacts build;
  std::filesystem::path folder;  // the current one
  uint64_t disk_bytes = 0, disk_available = 0;
  std::string automatic_device;  // what `device: auto` is: "cpu"
};
MachineFacts machine_facts();

// Different pairs of "physical id" and "core id" in the text of /proc/cpuinfo; 0 where it has none.
int physical_cores(std::string_view cpu_info_text);

// The word in brackets: "always [madvise] never" says "madvise".
std::string chosen_word(std::string_view text);

// The value of a line KEY=VALUE or KEY="VALUE" of /etc/os-release, or nothing.
std::string release_value(std::string_view text, std::string_view key);

}  // namespace cloze
