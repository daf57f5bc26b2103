// cloze_gpu_bench copy|products|rows|attention|profile
// cloze_gpu_bench steps WORKLOAD [--lengths FILE]     (step_rates.h)
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "profiling/bench/gpu/gpu_bench.h"
#include "profiling/bench/gpu/step_rates.h"

namespace cloze::bench {
namespace {

constexpr int usage_error = 2;

int usage() {
  std::cerr << "usage: cloze_gpu_bench copy|products|rows|attention|profile\n"
               "       cloze_gpu_bench steps WORKLOAD [--lengths FILE]\n";
  return usage_error;
}

int measure(const std::string& part) {
  GpuBench bench(part == "profile" ? GpuBench::Mode::once : GpuBench::Mode::rates);
  const bool all = part == "profile";
  if (part == "copy") measure_copy(bench);
  if (all || part == "rows") {
    measure_rows(bench);
    measure_tables(bench);
  }
  if (all || part == "attention") measure_attention(bench);
  if (all || part == "products") measure_products(bench);
  return bench.failures() > 0 ? 1 : 0;
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 1)
    for (const char* part : {"copy", "products", "rows", "attention", "profile"})
      if (words[0] == part) return measure(part);
  if (words.size() == 2 && words[0] == "steps") return answer_with_steps(words[1], "");
  if (words.size() == 4 && words[0] == "steps" && words[2] == "--lengths")
    return answer_with_steps(words[1], words[3]);
  return usage();
}

}  // namespace
}  // namespace cloze::bench

int main(int argc, char** argv) {
  try {
    return cloze::bench::run({argv + 1, argv + argc});
  } catch (const cloze::CudaError& error) {
    std::cerr << "not measured: " << error.what() << "\n";
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
  }
  return 1;
}
