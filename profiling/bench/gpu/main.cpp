// cloze_gpu_bench ceilings|kernels|steps
#include <iostream>
#include <string>

#include "engine/base/error.h"
#include "profiling/bench/gpu/gpu_bench.h"

int main(int argc, char** argv) {
  const std::string part = argc == 2 ? argv[1] : "";
  try {
    if (part == "steps") return cloze::bench::measure_steps(), 0;
    if (part != "ceilings" && part != "kernels") {
      std::cerr << "usage: cloze_gpu_bench ceilings|kernels|steps\n";
      return 2;
    }
    cloze::bench::GpuBench bench;
    if (part == "ceilings") {
      cloze::bench::measure_ceilings(bench);
    } else {
      cloze::bench::measure_rows(bench);
      cloze::bench::measure_attention(bench);
    }
  } catch (const cloze::Error& error) {
    std::cerr << error.what() << "\n";
    return 1;
  } catch (const cloze::CudaError& error) {
    std::cerr << "no GPU to measure: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
