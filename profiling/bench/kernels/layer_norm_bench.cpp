#include "engine/observe/kernel_cases/layer_norm.h"

#include "profiling/bench/kernels/kernel_bench.h"

// The layer-norm group with bias, residual and dropout, 4,096 rows of 768; argument: dropout in percent.
namespace cloze::bench {
namespace {

kernel_cases::LayerNorm made(const benchmark::State& state) {
  return {4096, 768, static_cast<float>(state.range(0)) / 100};
}

void layer_norm_forward(benchmark::State& state) {
  kernel_cases::LayerNorm group = made(state);
  for (auto _ : state) group.forward();
  report_bytes(state, group.forward_bytes());
}
void layer_norm_backward(benchmark::State& state) {
  kernel_cases::LayerNorm group = made(state);
  for (auto _ : state) group.backward();
  report_bytes(state, group.backward_bytes());
}
BENCHMARK(layer_norm_forward)->Arg(0)->Arg(10)->UseRealTime();
BENCHMARK(layer_norm_backward)->Arg(0)->Arg(10)->UseRealTime();

}  // namespace
}  // namespace cloze::bench
