#include "kernels/linear/linear.h"

#include "profiling/bench/kernels/kernel_bench.h"

namespace cloze::bench {
namespace {

// Arguments: rows, out, in of the layers of BERT-base and -large and of the masked-LM head (80 predictions a
// batch).
void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseRealTime();
  for (const int64_t rows : {512, 1000, 4096})
    for (const auto& [out, in] : {std::pair{768, 768},
                                  {2304, 768},
                                  {3072, 768},
                                  {768, 3072},
                                  {1024, 1024},
                                  {4096, 1024},
                                  {1024, 4096}})
      benchmark->Args({rows, out, in});
  for (const int64_t rows : {80, 640}) benchmark->Args({rows, 30592, 768});
}

struct Layer {
  explicit Layer(const benchmark::State& state)
      : rows(state.range(0)),
        out(state.range(1)),
        in(state.range(2)),
        input(rows, in),
        weight(out, in),
        bias(1, out),
        output(rows, out) {}
  void report(benchmark::State& state) const {
    report_flops(state, 2.0 * static_cast<double>(rows) * static_cast<double>(out * in));
  }
  int64_t rows, out, in;
  Memory<float> input, weight, bias, output;
};

void linear_forward(benchmark::State& state) {
  Layer layer(state);
  Cpu cpu;
  for (auto _ : state)
    cloze::linear_forward(
        cpu, {layer.input.tensor(), layer.weight.tensor(), layer.bias.tensor(), layer.output.tensor()});
  layer.report(state);
}
BENCHMARK(linear_forward)->Apply(shapes);

void linear_input_gradient(benchmark::State& state) {
  Layer layer(state);
  Cpu cpu;
  for (auto _ : state)
    cloze::linear_input_gradient(
        cpu, {layer.output.tensor(), layer.weight.tensor(), layer.input.tensor(), GradientMode::overwrite});
  layer.report(state);
}
BENCHMARK(linear_input_gradient)->Apply(shapes);

void linear_weight_gradient(benchmark::State& state) {
  Layer layer(state);
  Cpu cpu;
  for (auto _ : state)
    cloze::linear_weight_gradient(
        cpu, {layer.output.tensor(), layer.input.tensor(), layer.weight.tensor(), GradientMode::overwrite});
  layer.report(state);
}
BENCHMARK(linear_weight_gradient)->Apply(shapes);

}  // namespace
}  // namespace cloze::bench
