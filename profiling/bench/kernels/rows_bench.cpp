#include "kernels/rows/rows.h"

#include "profiling/bench/kernels/kernel_bench.h"

namespace cloze::bench {
namespace {

// Every seventh of 4096 rows: the rows that a masked-LM head reads.
struct Selection {
  Selection() {
    for (int32_t row = 0; row < 585; ++row) index.data()[row] = 7 * row;
  }
  Memory<float> all{4096, 768}, some{585, 768};
  Memory<int32_t> index{585, 1};
};

void gather_rows(benchmark::State& state) {
  Selection selection;
  Cpu cpu;
  for (auto _ : state)
    cloze::gather_rows(cpu, {selection.all.tensor(), selection.index.tensor(), selection.some.tensor()});
  report_bytes(state, 8.0 * 585 * 768);
}
BENCHMARK(gather_rows)->UseRealTime();

void scatter_rows(benchmark::State& state) {
  Selection selection;
  Cpu cpu;
  for (auto _ : state)
    cloze::scatter_rows(cpu, {selection.some.tensor(), selection.index.tensor(), selection.all.tensor()});
  report_bytes(state, 8.0 * 585 * 768 + 4.0 * 4096 * 768);
}
BENCHMARK(scatter_rows)->UseRealTime();

}  // namespace
}  // namespace cloze::bench
