#include "kernels/optimizer/optimizer.h"

#include <vector>

#include "profiling/bench/kernels/kernel_bench.h"

namespace cloze::bench {
namespace {

// `count` parameters in segments of a BERT-base matrix.
struct Parameters {
  explicit Parameters(int64_t size)
      : count(size),
        parameters(1, count),
        gradients(1, count),
        first(1, count),
        second(1, count),
        workspace(1, gradient_norm_workspace(count) + lamb_workspace(count / 589824 + 1, count)) {
    for (int64_t begin = 0; begin < count; begin += 589824)
      segments.push_back({begin, std::min(count, begin + 589824), 0.01f, 1});
    for (int64_t i = 0; i < count; ++i) second.data()[i] *= second.data()[i];
    scalars.data()[0] = 1e-4f;
    scalars.data()[1] = scalars.data()[2] = 1;
    norm.data()[0] = 2;
  }
  int64_t count;
  Memory<float> parameters, gradients, first, second, scalars{1, 3}, norm{1, 1};
  Memory<int32_t> skipped{1, 1};
  Memory<double> workspace;
  std::vector<ParameterSegment> segments;
};

void gradient_norm(benchmark::State& state) {
  Parameters all(state.range(0));
  Cpu cpu;
  for (auto _ : state)
    cloze::gradient_norm(cpu, {all.gradients.tensor(), all.norm.tensor(), all.workspace.tensor()});
  report_bytes(state, 4.0 * static_cast<double>(all.count));
}
BENCHMARK(gradient_norm)->Arg(32 << 20)->UseRealTime();

void adamw(benchmark::State& state) {
  Parameters all(state.range(0));
  Cpu cpu;
  for (auto _ : state)
    cloze::adamw(cpu, {all.parameters.tensor(),
                       all.gradients.tensor(),
                       all.first.tensor(),
                       all.second.tensor(),
                       all.segments,
                       all.scalars.tensor(),
                       {all.norm.tensor(), 1.0f, all.skipped.tensor()}});
  report_bytes(state, 28.0 * static_cast<double>(all.count));
}
BENCHMARK(adamw)->Arg(32 << 20)->UseRealTime();

void lamb(benchmark::State& state) {
  Parameters all(state.range(0));
  Cpu cpu;
  for (auto _ : state)
    cloze::lamb(cpu, {.parameters = all.parameters.tensor(),
                      .gradients = all.gradients.tensor(),
                      .first_moment = all.first.tensor(),
                      .second_moment = all.second.tensor(),
                      .segments = all.segments,
                      .scalars = all.scalars.tensor(),
                      .clipping = {all.norm.tensor(), 1.0f, all.skipped.tensor()},
                      .workspace = all.workspace.tensor()});
  report_bytes(state, 40.0 * static_cast<double>(all.count));
}
BENCHMARK(lamb)->Arg(32 << 20)->UseRealTime();

}  // namespace
}  // namespace cloze::bench
