#include "engine/observe/kernel_cases/attention.h"

#include "profiling/bench/kernels/kernel_bench.h"

// BERT-base attention, 12 heads of 64, over 4,096 packed tokens; arguments: sequence length, dropout in
// percent. FLOP/s counts the matrix products only: two forward, five backward.
namespace cloze::bench {
namespace {

kernel_cases::Attention made(const benchmark::State& state) {
  return {12, 64, 4096, state.range(0), static_cast<float>(state.range(1)) / 100};
}

void attention_forward(benchmark::State& state) {
  kernel_cases::Attention attention = made(state);
  for (auto _ : state) attention.forward();
  report_flops(state, attention.forward_flops());
}
void attention_backward(benchmark::State& state) {
  kernel_cases::Attention attention = made(state);
  for (auto _ : state) attention.backward();
  report_flops(state, attention.backward_flops());
}
BENCHMARK(attention_forward)->ArgsProduct({{32, 128, 512}, {0, 10}})->UseRealTime();
BENCHMARK(attention_backward)->ArgsProduct({{32, 128, 512}, {0, 10}})->UseRealTime();

}  // namespace
}  // namespace cloze::bench
