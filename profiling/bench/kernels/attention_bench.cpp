#include "kernels/attention/attention.h"

#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "kernels/common/parallel.h"

// BERT-base attention, 12 heads of 64, over 4,096 packed tokens; arguments: sequence length, dropout in
// percent, threads. `flops` counts the matrix products: two forward, five backward.
namespace cloze {
namespace {

constexpr int64_t heads = 12, head_size = 64, hidden = heads * head_size, tokens = 4096;

struct Batch {
  explicit Batch(int64_t length)
      : sequences(static_cast<int32_t>(tokens / length)),
        projections(tokens * 3 * hidden, 0.01f),
        outputs(tokens * hidden),
        output_gradients(tokens * hidden, 0.5f),
        gradients(tokens * 3 * hidden),
        log_sum_exp(tokens * heads),
        row_ids(tokens * 2) {
    for (int32_t s = 0; s <= sequences; ++s) offsets.push_back(static_cast<int32_t>(s * length));
    for (int64_t i = 0; i < tokens; ++i) {
      row_ids[2 * i] = static_cast<int32_t>(i / length);
      row_ids[2 * i + 1] = static_cast<int32_t>(i % length);
    }
    for (size_t i = 0; i < projections.size(); ++i)
      projections[i] = static_cast<float>(i * 7919 % 2003) / 1000 - 1;
  }

  static Tensor part(std::vector<float>& memory, int64_t index) {
    return {memory.data() + index * hidden, DType::f32, tokens, hidden, 3 * hidden};
  }
  static Tensor rows(std::vector<float>& memory, int64_t columns) {
    return {memory.data(), DType::f32, tokens, columns, columns};
  }
  Tensor offset_tensor() { return {offsets.data(), DType::i32, 1, sequences + 1, sequences + 1}; }
  Dropout dropout(int64_t percent) {
    if (percent == 0) return {};
    return {static_cast<float>(percent) / 100,
            1,
            {key, DType::i32, 1, 2, 2},
            {row_ids.data(), DType::i32, tokens, 2, 2}};
  }

  int32_t sequences;
  std::vector<int32_t> offsets;
  std::vector<float> projections, outputs, output_gradients, gradients, log_sum_exp;
  std::vector<int32_t> row_ids;
  int32_t key[2] = {1, 2};
  AttentionShape shape{heads, head_size, 0.125f};
};

void forward(Batch& b, int64_t dropout) {
  Cpu cpu;
  attention_forward(cpu, {b.shape, b.part(b.projections, 0), b.part(b.projections, 1),
                          b.part(b.projections, 2), b.offset_tensor(), b.offset_tensor(), b.dropout(dropout),
                          b.rows(b.outputs, hidden), b.rows(b.log_sum_exp, heads)});
}

void count(benchmark::State& state, double products) {
  const double flops = products * 2 * tokens * static_cast<double>(state.range(0)) * hidden;
  state.counters["flops"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
}

void attention_forward_bench(benchmark::State& state) {
  Batch b(state.range(0));
  set_thread_count(static_cast<int>(state.range(2)));
  for (auto _ : state) forward(b, state.range(1));
  count(state, 2);
}

void attention_backward_bench(benchmark::State& state) {
  Batch b(state.range(0));
  set_thread_count(static_cast<int>(state.range(2)));
  forward(b, state.range(1));
  Cpu cpu;
  for (auto _ : state) {
    attention_backward(
        cpu, {b.shape, b.part(b.projections, 0), b.part(b.projections, 1), b.part(b.projections, 2),
              b.offset_tensor(), b.offset_tensor(), b.dropout(state.range(1)), b.rows(b.outputs, hidden),
              b.rows(b.log_sum_exp, heads), b.rows(b.output_gradients, hidden), b.part(b.gradients, 0),
              b.part(b.gradients, 1), b.part(b.gradients, 2)});
  }
  count(state, 5);
}

BENCHMARK(attention_forward_bench)->ArgsProduct({{32, 128, 512}, {0, 10}, {1, 2}})->UseRealTime();
BENCHMARK(attention_backward_bench)->ArgsProduct({{32, 128, 512}, {0, 10}, {1, 2}})->UseRealTime();

}  // namespace
}  // namespace cloze
