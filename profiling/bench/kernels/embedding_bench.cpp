#include "engine/observe/kernel_cases/embedding.h"

#include "profiling/bench/kernels/kernel_bench.h"

// Rows of 768 from a vocabulary of BERT's size; argument: tokens.
namespace cloze::bench {
namespace {

void embedding_forward(benchmark::State& state) {
  kernel_cases::Embedding embedding(state.range(0), 768, 30592);
  for (auto _ : state) embedding.forward();
  report_bytes(state, embedding.forward_bytes());
}
BENCHMARK(embedding_forward)->Arg(4096)->UseRealTime();

void embedding_backward(benchmark::State& state) {
  kernel_cases::Embedding embedding(state.range(0), 768, 30592);
  for (auto _ : state) embedding.backward();
  report_bytes(state, embedding.backward_bytes());
}
BENCHMARK(embedding_backward)->Arg(4096)->UseRealTime();

}  // namespace
}  // namespace cloze::bench
