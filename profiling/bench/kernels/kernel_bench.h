#pragma once

#include <benchmark/benchmark.h>

#include "engine/observe/kernel_cases/operand.h"

// Benchmarks take the thread count from OMP_NUM_THREADS and report wall-clock rates: FLOP/s, or bytes read
// and written. `cloze bench` runs the same cases as shares of a ceiling.
namespace cloze::bench {

template <typename T>
using Memory = kernel_cases::Operand<T>;

inline void report_flops(benchmark::State& state, double flops_per_run) {
  state.counters["FLOP/s"] = benchmark::Counter(flops_per_run, benchmark::Counter::kIsIterationInvariantRate,
                                                benchmark::Counter::kIs1000);
}
inline void report_bytes(benchmark::State& state, double bytes_per_run) {
  state.counters["B/s"] = benchmark::Counter(bytes_per_run, benchmark::Counter::kIsIterationInvariantRate,
                                             benchmark::Counter::kIs1000);
}

}  // namespace cloze::bench
