#include "kernels/elementwise/elementwise.h"

#include "profiling/bench/kernels/kernel_bench.h"

namespace cloze::bench {
namespace {

void add(benchmark::State& state) {
  const int64_t rows = state.range(0), columns = state.range(1);
  Memory<float> left(rows, columns), right(rows, columns), output(rows, columns);
  Cpu cpu;
  for (auto _ : state) cloze::add(cpu, {left.tensor(), right.tensor(), output.tensor()});
  report_bytes(state, 12.0 * static_cast<double>(rows * columns));
}
BENCHMARK(add)->Args({4096, 768})->UseRealTime();

// Decisions per second of the dropout stream, with the multiplication.
void dropout(benchmark::State& state) {
  const int64_t rows = state.range(0), columns = state.range(1);
  Memory<float> values(rows, columns);
  Memory<int32_t> key(1, 2), row_ids(rows, 2);
  Cpu cpu;
  const Dropout dropout = {0.1f, 3, key.tensor(), row_ids.tensor()};
  for (auto _ : state) dropout_apply(cpu, {values.tensor(), dropout, values.tensor()});
  state.counters["decisions/s"] =
      benchmark::Counter(static_cast<double>(rows * columns), benchmark::Counter::kIsIterationInvariantRate,
                         benchmark::Counter::kIs1000);
}
BENCHMARK(dropout)->Args({64, 768})->Args({4096, 768})->UseRealTime();

void column_sum(benchmark::State& state) {
  const int64_t rows = state.range(0), columns = state.range(1);
  Memory<float> input(rows, columns), sums(1, columns), workspace(1, column_sum_workspace(rows, columns));
  Cpu cpu;
  for (auto _ : state)
    cloze::column_sum(cpu, {input.tensor(), sums.tensor(), GradientMode::overwrite, workspace.tensor()});
  report_bytes(state, 4.0 * static_cast<double>(rows * columns));
}
BENCHMARK(column_sum)->Args({4096, 768})->Args({4096, 3072})->UseRealTime();

}  // namespace
}  // namespace cloze::bench
