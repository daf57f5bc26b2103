#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/observe/ceilings.h"

// `cloze bench`: kernels as shares of what the machine can do, measured in the same run.
namespace cloze {

// What a kernel is compared with.
enum class BenchCeiling : uint8_t {
  library,  // the matmul library's own product of the same shape, called directly
  matmul,   // Ceilings::matmul_flops
  copy,     // Ceilings::copy_bytes
};
const char* name_of(BenchCeiling ceiling);

// A kernel with operands of its own.
struct BenchRun {
  std::function<void()> run;
  double work = 0;  // of a run: FLOP, or bytes read and written where copying is the ceiling
};

struct BenchCase {
  std::string group;  // "matmul", "layer_norm": what is asked for by name
  std::string name;   // "linear_forward"
  std::string shape;  // "base: 4096 x 3072 from 768"
  BenchCeiling ceiling = BenchCeiling::copy;
  std::function<BenchRun()> make;
  std::function<BenchRun()> make_library = {};  // with `library`
};

// All cases: dense layers at the shapes of mini, MiniLM and base; attention at their heads; the rest at base.
const std::vector<BenchCase>& bench_cases();

struct BenchResult {
  const BenchCase* bench = nullptr;
  double work = 0;                                            // of a run
  double seconds = 0;                                         // the best of its runs
  double ceiling_seconds = 0;                                 // that the ceiling allows for the same work
  double ratio() const { return ceiling_seconds / seconds; }  // 1: as fast as the ceiling
};
struct BenchReport {
  std::string machine;
  Ceilings ceilings;
  std::vector<BenchResult> results;
};

// The cases whose group or name is among `names`; no names: all. Each runs for about `seconds`. Throws
// UsageError for a name that no case has.
BenchReport run_bench(const std::vector<std::string>& names, double seconds);

std::string bench_text(const BenchReport& report);
std::string bench_json(const BenchReport& report);

}  // namespace cloze
