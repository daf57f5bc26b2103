#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace cloze {

class Engine;

// What a run was computed on and how much memory it took, for those who read about it later: run.json of its
// folder.
struct RunFacts {
  std::string kind;    // "pretraining", "fine-tuning"
  std::string cpu;     // "AMD EPYC 7B13, 2 processors, avx2 fma"
  std::string device;  // "cpu"
  int threads = 0, processes = 1;
  int64_t parameters = 0;  // as files hold them
  // Bytes of one process.
  int64_t parameter_bytes = 0, gradient_bytes = 0, moment_bytes = 0;
  int64_t activation_bytes = 0;  // the arena of the programs compiled so far; 0: none yet
  uint64_t peak_bytes = 0;       // the most that the process held
  uint64_t machine_bytes = 0;    // of the machine
};

// The facts of this process so far; `elements` of the flat buffers, which training has four of.
RunFacts run_facts(std::string kind, const Engine& engine, int64_t parameters, int64_t elements, int threads,
                   int processes);

void write_run_facts(const std::filesystem::path& run, const RunFacts& facts);

// Nullopt for a run of an earlier version, and where the file is damaged.
std::optional<RunFacts> read_run_facts(const std::filesystem::path& run);

constexpr const char* run_facts_file = "run.json";

}  // namespace cloze
