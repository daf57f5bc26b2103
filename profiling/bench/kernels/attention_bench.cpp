#include "kernels/attention/attention.h"

#include <vector>

#include "profiling/bench/kernels/kernel_bench.h"

// BERT-base attention, 12 heads of 64, over 4,096 packed tokens; arguments: sequence length, dropout in
// percent. FLOP/s counts the matrix products only: two forward, five backward.
namespace cloze::bench {
namespace {

constexpr int64_t heads = 12, head_size = 64, hidden = heads * head_size, tokens = 4096;

class Batch {
 public:
  Batch(int64_t length, int64_t dropout_percent) : length_(length), percent_(dropout_percent) {
    for (int64_t first = 0; first <= tokens; first += length) offsets_.push_back(static_cast<int32_t>(first));
    for (int64_t i = 0; i < tokens; ++i) {
      row_ids_.data()[2 * i] = static_cast<int32_t>(i / length);
      row_ids_.data()[2 * i + 1] = static_cast<int32_t>(i % length);
    }
  }

  void forward() {
    attention_forward(cpu_, {shape, part(projections_, 0), part(projections_, 1), part(projections_, 2),
                             offsets(), offsets(), dropout(), output_.tensor(), log_sum_exp_.tensor()});
  }
  void backward() {
    attention_backward(
        cpu_, {shape, part(projections_, 0), part(projections_, 1), part(projections_, 2), offsets(),
               offsets(), dropout(), output_.tensor(), log_sum_exp_.tensor(), output_gradient_.tensor(),
               part(gradients_, 0), part(gradients_, 1), part(gradients_, 2)});
  }
  double product_flops() const { return 2.0 * tokens * static_cast<double>(length_) * hidden; }

 private:
  static constexpr AttentionShape shape{heads, head_size, 0.125f};
  // Query, key or value of the stacked projections [tokens, 3 * hidden].
  static Tensor part(Memory<float>& memory, int64_t index) {
    return {memory.data() + index * hidden, DType::f32, tokens, hidden, 3 * hidden};
  }
  Tensor offsets() {
    const auto count = static_cast<int64_t>(offsets_.size());
    return {offsets_.data(), DType::i32, 1, count, count};
  }
  Dropout dropout() {
    if (percent_ == 0) return {};
    return {static_cast<float>(percent_) / 100, 1, key_.tensor(), row_ids_.tensor()};
  }

  Cpu cpu_;
  int64_t length_, percent_;
  std::vector<int32_t> offsets_;
  Memory<float> projections_{tokens, 3 * hidden}, gradients_{tokens, 3 * hidden};
  Memory<float> output_{tokens, hidden}, output_gradient_{tokens, hidden}, log_sum_exp_{tokens, heads};
  Memory<int32_t> key_{1, 2}, row_ids_{tokens, 2};
};

void attention_forward(benchmark::State& state) {
  Batch batch(state.range(0), state.range(1));
  for (auto _ : state) batch.forward();
  report_flops(state, 2 * batch.product_flops());
}
void attention_backward(benchmark::State& state) {
  Batch batch(state.range(0), state.range(1));
  batch.forward();
  for (auto _ : state) batch.backward();
  report_flops(state, 5 * batch.product_flops());
}
BENCHMARK(attention_forward)->ArgsProduct({{32, 128, 512}, {0, 10}})->UseRealTime();
BENCHMARK(attention_backward)->ArgsProduct({{32, 128, 512}, {0, 10}})->UseRealTime();

}  // namespace
}  // namespace cloze::bench
