// cloze_gpu_bench copy|products|rows|attention|profile
// cloze_gpu_bench steps WORKLOAD [--lengths FILE] [--cudnn] [--fp8]    (step_rates.h)
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
               "       cloze_gpu_bench steps WORKLOAD [--lengths FILE] [--cudnn] [--fp8]\n";
  return usage_error;
}

int measure(const std::string& part) {
  GpuBench bench(part == "profile" ? GpuBench::Mode::once : GpuBench::Mode::rates);
  const bool all = part == "profile";
  if (part == "copy") measure_copy(bench);
  if (all || part == "rows") {
    measure_rows(bench);
    measure_quantize(bench);
    measure_tables(bench);
  }
  if (all || part == "attention") measure_attention(bench);
  if (all || part == "products") {
    measure_products(bench);
    measure_float8(bench);
  }
  return bench.failures() > 0 ? 1 : 0;
}

int measure_steps(const std::vector<std::string>& words) {
  StepOptions options;
  for (size_t i = 2; i < words.size(); ++i) {
    if (words[i] == "--cudnn")
      options.cudnn = true;
    else if (words[i] == "--fp8")
      options.fp8 = true;
    else if (words[i] == "--lengths" && i + 1 < words.size())
      options.lengths_file = words[++i];
    else
      return usage();
  }
  return answer_with_steps(words[1], options);
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 1)
    for (const char* part : {"copy", "products", "rows", "attention", "profile"})
      if (words[0] == part) return measure(part);
  if (words.size() >= 2 && words[0] == "steps") return measure_steps(words);
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
