#include "engine/observe/kernel_cases/activation.h"

#include "profiling/bench/kernels/kernel_bench.h"

// 4,096 rows of 3,072 with bias and bias gradient; argument: the activation.
namespace cloze::bench {
namespace {

kernel_cases::Activate made(benchmark::State& state) {
  const auto activation = static_cast<Activation>(state.range(0));
  state.SetLabel(name_of(activation));
  return {activation, 4096, 3072};
}

void activation_forward(benchmark::State& state) {
  kernel_cases::Activate layer = made(state);
  for (auto _ : state) layer.forward();
  report_bytes(state, layer.forward_bytes());
}
void activation_backward(benchmark::State& state) {
  kernel_cases::Activate layer = made(state);
  for (auto _ : state) layer.backward();
  report_bytes(state, layer.backward_bytes());
}
BENCHMARK(activation_forward)->DenseRange(0, 4)->UseRealTime();
BENCHMARK(activation_backward)->DenseRange(0, 4)->UseRealTime();

}  // namespace
}  // namespace cloze::bench
