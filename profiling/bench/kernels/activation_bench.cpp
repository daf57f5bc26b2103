#include "kernels/activation/activation.h"

#include "kernels/common/column_sum.h"
#include "profiling/bench/kernels/kernel_bench.h"

// 4,096 rows of 3,072 with bias and bias gradient; argument: the activation.
namespace cloze::bench {
namespace {

constexpr int64_t rows = 4096, columns = 3072;

void activation_forward(benchmark::State& state) {
  const auto activation = static_cast<Activation>(state.range(0));
  Memory<float> input(rows, columns), bias(1, columns), output(rows, columns);
  Cpu cpu;
  for (auto _ : state)
    cloze::activation_forward(cpu, {activation, input.tensor(), bias.tensor(), output.tensor()});
  state.SetLabel(name_of(activation));
  report_bytes(state, 2.0 * 4 * rows * columns);
}
void activation_backward(benchmark::State& state) {
  const auto activation = static_cast<Activation>(state.range(0));
  Memory<float> input(rows, columns), bias(1, columns), output_gradient(rows, columns),
      input_gradient(rows, columns);
  Memory<float> bias_gradient(1, columns), workspace(1, column_sum_workspace(rows, columns));
  Cpu cpu;
  for (auto _ : state) {
    cloze::activation_backward(
        cpu, {activation, input.tensor(), bias.tensor(), output_gradient.tensor(), input_gradient.tensor(),
              bias_gradient.tensor(), GradientMode::overwrite, workspace.tensor()});
  }
  state.SetLabel(name_of(activation));
  report_bytes(state, 3.0 * 4 * rows * columns);
}
BENCHMARK(activation_forward)->DenseRange(0, 4)->UseRealTime();
BENCHMARK(activation_backward)->DenseRange(0, 4)->UseRealTime();

}  // namespace
}  // namespace cloze::bench
