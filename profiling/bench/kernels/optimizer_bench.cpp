#include "engine/observe/kernel_cases/optimizer.h"

#include "profiling/bench/kernels/kernel_bench.h"

// Argument: parameters.
namespace cloze::bench {
namespace {

void gradient_norm(benchmark::State& state) {
  kernel_cases::Optimizer all(state.range(0));
  for (auto _ : state) all.norm();
  report_bytes(state, all.norm_bytes());
}
void adamw(benchmark::State& state) {
  kernel_cases::Optimizer all(state.range(0));
  for (auto _ : state) all.update_by_adamw();
  report_bytes(state, all.adamw_bytes());
}
void lamb(benchmark::State& state) {
  kernel_cases::Optimizer all(state.range(0));
  for (auto _ : state) all.update_by_lamb();
  report_bytes(state, all.lamb_bytes());
}
BENCHMARK(gradient_norm)->Arg(32 << 20)->UseRealTime();
BENCHMARK(adamw)->Arg(32 << 20)->UseRealTime();
BENCHMARK(lamb)->Arg(32 << 20)->UseRealTime();

}  // namespace
}  // namespace cloze::bench
