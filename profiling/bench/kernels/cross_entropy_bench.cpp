#include "kernels/cross_entropy/cross_entropy.h"

#include "profiling/bench/kernels/kernel_bench.h"

// 512 masked tokens of BERT's vocabulary, the gradient in place of the logits; bytes: one reading, one
// reading and writing.
namespace cloze::bench {
namespace {

void cross_entropy(benchmark::State& state) {
  const int64_t rows = 512, classes = 30522, columns = 30592;
  Memory<float> logits(rows, columns), scale(1, 1), loss(1, 1), row_loss(rows, 1);
  Memory<int32_t> labels(rows, 1), correct(rows, 1);
  for (int64_t row = 0; row < rows; ++row) labels.data()[row] = static_cast<int32_t>(row * 59);
  Cpu cpu;
  for (auto _ : state) {
    cloze::cross_entropy(cpu, {logits.tensor(), labels.tensor(), classes, scale.tensor(), loss.tensor(),
                               row_loss.tensor(), correct.tensor(), logits.tensor()});
  }
  report_bytes(state, 3.0 * 4 * rows * columns);
}
BENCHMARK(cross_entropy)->UseRealTime();

}  // namespace
}  // namespace cloze::bench
