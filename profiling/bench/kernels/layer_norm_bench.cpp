#include "kernels/layer_norm/layer_norm.h"

#include "profiling/bench/kernels/kernel_bench.h"

// The layer-norm group with bias, residual and dropout, 4,096 rows of 768; argument: dropout in percent.
namespace cloze::bench {
namespace {

constexpr int64_t rows = 4096, hidden = 768;

struct Group {
  explicit Group(int64_t percent) : has_dropout(percent > 0) {
    if (has_dropout) dropout = {static_cast<float>(percent) / 100, 1, key.tensor(), row_ids.tensor()};
  }
  void forward() {
    cloze::layer_norm_forward(
        cpu, {input.tensor(), bias.tensor(), dropout, residual.tensor(), gamma.tensor(), beta.tensor(),
              1e-12f, sum.tensor(), output.tensor(), statistics.tensor()});
  }
  void backward() {
    cloze::layer_norm_backward(
        cpu,
        {output_gradient.tensor(), sum.tensor(), statistics.tensor(), gamma.tensor(), dropout,
         sum_gradient.tensor(), has_dropout ? input_gradient.tensor() : Tensor{}, gamma_gradient.tensor(),
         beta_gradient.tensor(), bias_gradient.tensor(), GradientMode::overwrite, workspace.tensor()});
  }

  Cpu cpu;
  bool has_dropout;
  Dropout dropout;
  Memory<int32_t> key{1, 2}, row_ids{rows, 2};
  Memory<float> input{rows, hidden}, residual{rows, hidden}, sum{rows, hidden}, output{rows, hidden};
  Memory<float> output_gradient{rows, hidden}, sum_gradient{rows, hidden}, input_gradient{rows, hidden};
  Memory<float> bias{1, hidden}, gamma{1, hidden}, beta{1, hidden}, statistics{rows, 2};
  Memory<float> bias_gradient{1, hidden}, gamma_gradient{1, hidden}, beta_gradient{1, hidden};
  Memory<float> workspace{1, layer_norm_backward_workspace(rows, hidden)};
};

void layer_norm_forward(benchmark::State& state) {
  Group group(state.range(0));
  for (auto _ : state) group.forward();
  report_bytes(state, 4.0 * 4 * rows * hidden);  // input, residual; sum, output
}
void layer_norm_backward(benchmark::State& state) {
  Group group(state.range(0));
  group.forward();
  for (auto _ : state) group.backward();
  report_bytes(state, (group.has_dropout ? 4.0 : 3.0) * 4 * rows * hidden);
}
BENCHMARK(layer_norm_forward)->Arg(0)->Arg(10)->UseRealTime();
BENCHMARK(layer_norm_backward)->Arg(0)->Arg(10)->UseRealTime();

}  // namespace
}  // namespace cloze::bench
