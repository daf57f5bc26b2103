#include "kernels/embedding/embedding.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "profiling/bench/kernels/kernel_bench.h"

namespace cloze::bench {
namespace {

constexpr int64_t hidden = 768, vocabulary = 30592, types = 2, positions = 512, sequence = 128;

// `rows` tokens in sequences of 128, words drawn evenly.
struct Batch {
  explicit Batch(int64_t rows)
      : tokens(rows, 1),
        token_types(rows, 1),
        token_positions(rows, 1),
        order(rows, 1),
        row_ids(rows, 2),
        output(rows, hidden),
        statistics(rows, 2),
        workspace(1, embedding_backward_workspace(rows, hidden, types)) {
    for (int64_t row = 0; row < rows; ++row) {
      const uint32_t bits = philox({static_cast<uint32_t>(row), 0, 0, 0}, {3, 4}).word0;
      tokens.data()[row] = static_cast<int32_t>(scale_to(bits, vocabulary));
      token_types.data()[row] = static_cast<int32_t>(row % sequence / 64);
      token_positions.data()[row] = static_cast<int32_t>(row % sequence);
      row_ids.data()[2 * row] = static_cast<int32_t>(row / sequence);
      row_ids.data()[2 * row + 1] = static_cast<int32_t>(row % sequence);
    }
    std::iota(order.data(), order.data() + rows, 0);
    std::stable_sort(order.data(), order.data() + rows,
                     [&](int32_t a, int32_t b) { return tokens.data()[a] < tokens.data()[b]; });
    dropout = {0.1f, 1, key.tensor(), row_ids.tensor()};
  }
  Memory<int32_t> tokens, token_types, token_positions, order, row_ids, key{1, 2};
  Memory<float> word{vocabulary, hidden}, type{types, hidden}, position{positions, hidden}, gamma{1, hidden},
      beta{1, hidden}, output, statistics, workspace;
  Dropout dropout;
};

void embedding_forward(benchmark::State& state) {
  Batch batch(state.range(0));
  Cpu cpu;
  for (auto _ : state)
    cloze::embedding_forward(cpu, {.tokens = batch.tokens.tensor(),
                                   .token_types = batch.token_types.tensor(),
                                   .positions = batch.token_positions.tensor(),
                                   .word = batch.word.tensor(),
                                   .type = batch.type.tensor(),
                                   .position = batch.position.tensor(),
                                   .gamma = batch.gamma.tensor(),
                                   .beta = batch.beta.tensor(),
                                   .dropout = batch.dropout,
                                   .output = batch.output.tensor(),
                                   .statistics = batch.statistics.tensor()});
  report_bytes(state, 8.0 * static_cast<double>(state.range(0) * hidden));  // a word row in, a row out
}
BENCHMARK(embedding_forward)->Arg(4096)->UseRealTime();

void embedding_backward(benchmark::State& state) {
  Batch batch(state.range(0));
  Memory<float> word(vocabulary, hidden), type(types, hidden), position(positions, hidden), gamma(1, hidden),
      beta(1, hidden), sum_gradient(state.range(0), hidden);
  Cpu cpu;
  for (auto _ : state)
    cloze::embedding_backward(cpu, {.output_gradient = batch.output.tensor(),
                                    .tokens = batch.tokens.tensor(),
                                    .token_types = batch.token_types.tensor(),
                                    .positions = batch.token_positions.tensor(),
                                    .token_order = batch.order.tensor(),
                                    .word = batch.word.tensor(),
                                    .type = batch.type.tensor(),
                                    .position = batch.position.tensor(),
                                    .gamma = batch.gamma.tensor(),
                                    .dropout = batch.dropout,
                                    .statistics = batch.statistics.tensor(),
                                    .sum_gradient = sum_gradient.tensor(),
                                    .word_gradient = word.tensor(),
                                    .type_gradient = type.tensor(),
                                    .position_gradient = position.tensor(),
                                    .word_mode = GradientMode::accumulate,
                                    .gamma_gradient = gamma.tensor(),
                                    .beta_gradient = beta.tensor(),
                                    .workspace = batch.workspace.tensor()});
  report_bytes(state,
               20.0 * static_cast<double>(state.range(0) * hidden));  // gradient, word; sum; word gradient
}
BENCHMARK(embedding_backward)->Arg(4096)->UseRealTime();

}  // namespace
}  // namespace cloze::bench
