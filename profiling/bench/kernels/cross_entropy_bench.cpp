#include "engine/observe/kernel_cases/cross_entropy.h"

#include "profiling/bench/kernels/kernel_bench.h"

// 512 masked tokens of BERT's vocabulary, the gradient in place of the logits; bytes: one reading, one
// reading and writing.
namespace cloze::bench {
namespace {

void cross_entropy(benchmark::State& state) {
  kernel_cases::CrossEntropyLoss loss(512, 30522, 30592);
  for (auto _ : state) loss.run();
  report_bytes(state, loss.bytes());
}
BENCHMARK(cross_entropy)->UseRealTime();

}  // namespace
}  // namespace cloze::bench
