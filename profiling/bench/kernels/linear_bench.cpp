#include "engine/observe/kernel_cases/linear.h"

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

void measure(benchmark::State& state, void (kernel_cases::Linear::*run)()) {
  kernel_cases::Linear layer(state.range(0), state.range(1), state.range(2));
  for (auto _ : state) (layer.*run)();
  report_flops(state, layer.flops());
}

void linear_forward(benchmark::State& state) {
  measure(state, &kernel_cases::Linear::forward);
}
void linear_input_gradient(benchmark::State& state) {
  measure(state, &kernel_cases::Linear::input_gradient);
}
void linear_weight_gradient(benchmark::State& state) {
  measure(state, &kernel_cases::Linear::weight_gradient);
}
BENCHMARK(linear_forward)->Apply(shapes);
BENCHMARK(linear_input_gradient)->Apply(shapes);
BENCHMARK(linear_weight_gradient)->Apply(shapes);

}  // namespace
}  // namespace cloze::bench
