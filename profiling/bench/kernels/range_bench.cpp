#include <benchmark/benchmark.h>

#include "kernels/common/profile_range.h"

namespace cloze::bench {
namespace {

// What a launch pays for its range where no profiler listens; a step of base has some 300 launches.
void range_that_nobody_sees(benchmark::State& state) {
  for (auto _ : state) {
    const ProfileRange range("encoder.layer.3.attention");
    benchmark::ClobberMemory();
  }
}
BENCHMARK(range_that_nobody_sees);

}  // namespace
}  // namespace cloze::bench
