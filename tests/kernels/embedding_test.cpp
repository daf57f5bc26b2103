#include "kernels/embedding/embedding.h"

#include <numeric>

#include "tests/kernels/kernel_test.h"

namespace cloze::testing {
namespace {

struct Shape {
  int64_t rows, hidden, vocabulary, types, positions;
  int32_t live;
  float dropout;
};
const std::vector<Shape> shapes = {{1, 8, 3, 1, 1, 1, 0},        {5, 7, 4, 2, 6, 4, 0.3f},
                                   {70, 36, 11, 3, 9, 66, 0.1f}, {300, 128, 40, 2, 128, 257, 0.1f},
                                   {64, 200, 1, 2, 2, 64, 0},    {40, 16, 30, 2, 5, 0, 0.1f}};

template <typename T>
struct EmbeddingCase {
  explicit EmbeddingCase(const Shape& shape, GradientMode of_words = GradientMode::overwrite,
                         GradientMode of_others = GradientMode::overwrite, bool in_place = false)
      : live(shape.live),
        word_mode(of_words),
        mode(of_others),
        tokens(shape.rows, 1),
        token_types(shape.rows, 1),
        positions(shape.rows, 1),
        token_order(shape.rows, 1),
        row_ids(shape.rows, 2),
        word(shape.vocabulary, shape.hidden),
        type(shape.types, shape.hidden),
        position(shape.positions, shape.hidden),
        gamma(1, shape.hidden),
        beta(1, shape.hidden),
        output(shape.rows, shape.hidden),
        statistics(shape.rows, 2),
        output_gradient(shape.rows, shape.hidden),
        sum_gradient(shape.rows, shape.hidden),
        word_gradient(word),
        type_gradient(type),
        position_gradient(position),
        gamma_gradient(gamma),
        beta_gradient(beta),
        workspace(1, embedding_backward_workspace(shape.rows, shape.hidden, shape.types)),
        scratch(in_place ? &output_gradient : &sum_gradient) {
    fill_ids(tokens, 1, static_cast<uint32_t>(shape.vocabulary));
    fill_ids(token_types, 2, static_cast<uint32_t>(shape.types));
    fill_ids(positions, 3, static_cast<uint32_t>(shape.positions));
    fill_ids(row_ids, 4, 500);
    order_tokens();
    fill(word, 5);
    fill(type, 6);
    fill(position, 7);
    fill(gamma, 8, 0.5f, 1.5f);
    fill(beta, 9);
    fill(output_gradient, 10);
    if (word_mode == GradientMode::accumulate) fill(word_gradient, 11);
    if (mode == GradientMode::accumulate) {
      fill(type_gradient, 12);
      fill(position_gradient, 13);
      fill(gamma_gradient, 14);
      fill(beta_gradient, 15);
    }
    key[0] = 99;
    key[1] = 1;
    dropout = {shape.dropout, 2, key.tensor(), row_ids.tensor()};
  }

  void order_tokens() {
    std::vector<int32_t> order(static_cast<size_t>(live));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int32_t a, int32_t b) { return tokens.at(a, 0) < tokens.at(b, 0); });
    for (size_t i = 0; i < order.size(); ++i) token_order.at(static_cast<int64_t>(i), 0) = order[i];
  }

  template <typename Device>
  void forward(Device& device) {
    embedding_forward(device, {.tokens = tokens.tensor(&live),
                               .token_types = token_types.tensor(&live),
                               .positions = positions.tensor(&live),
                               .word = word.tensor(),
                               .type = type.tensor(),
                               .position = position.tensor(),
                               .gamma = gamma.tensor(),
                               .beta = beta.tensor(),
                               .dropout = dropout,
                               .output = output.tensor(&live),
                               .statistics = statistics.tensor(&live)});
  }
  template <typename Device>
  void backward(Device& device) {
    embedding_backward(device, {.output_gradient = output_gradient.tensor(&live),
                                .tokens = tokens.tensor(&live),
                                .token_types = token_types.tensor(&live),
                                .positions = positions.tensor(&live),
                                .token_order = token_order.tensor(&live),
                                .word = word.tensor(),
                                .type = type.tensor(),
                                .position = position.tensor(),
                                .gamma = gamma.tensor(),
                                .dropout = dropout,
                                .statistics = statistics.tensor(&live),
                                .sum_gradient = scratch->tensor(&live),
                                .word_gradient = word_gradient.tensor(),
                                .type_gradient = type_gradient.tensor(),
                                .position_gradient = position_gradient.tensor(),
                                .word_mode = word_mode,
                                .gamma_gradient = gamma_gradient.tensor(),
                                .beta_gradient = beta_gradient.tensor(),
                                .mode = mode,
                                .workspace = workspace.tensor()});
  }
  template <typename Device>
  void run(Device& device) {
    forward(device);
    backward(device);
    EXPECT_TRUE(output.untouched_from(live));
    EXPECT_TRUE(statistics.untouched_from(live));
    EXPECT_TRUE(sum_gradient.untouched_from(scratch == &sum_gradient ? live : 0));
  }
  std::vector<Output<T>> outputs() const {
    return {{"output", output.values(live)},
            {"statistics", statistics.values(live)},
            {"sum gradient", scratch->values(live)},
            {"word gradient", word_gradient.values()},
            {"type gradient", type_gradient.values()},
            {"position gradient", position_gradient.values()},
            {"gamma gradient", gamma_gradient.values()},
            {"beta gradient", beta_gradient.values()}};
  }

  int32_t live;
  GradientMode word_mode, mode;
  Buffer<int32_t> tokens, token_types, positions, token_order, row_ids, key{1, 2};
  Buffer<T> word, type, position, gamma, beta, output, statistics;
  Buffer<T> output_gradient, sum_gradient, word_gradient, type_gradient, position_gradient, gamma_gradient,
      beta_gradient, workspace;
  Buffer<T>* scratch;
  Dropout dropout;
};

TEST(Embedding, CpuMatchesReference) {
  constexpr auto overwrite = GradientMode::overwrite, accumulate = GradientMode::accumulate;
  for (const Shape& shape : shapes) {
    SCOPED_TRACE(shape.rows);
    expect_cpu_matches_reference<EmbeddingCase>(shape, overwrite, overwrite, false);
    expect_cpu_matches_reference<EmbeddingCase>(shape, accumulate, overwrite, true);
    expect_cpu_matches_reference<EmbeddingCase>(shape, overwrite, accumulate, true);
  }
}

TEST(Embedding, ThreadsDoNotMatter) {
  for (const Shape& shape : shapes) expect_thread_independent<EmbeddingCase>(shape);
}

TEST(Embedding, FiniteDifferences) {
  EmbeddingCase<double> run(shapes[2]);
  Reference reference;
  run.run(reference);
  const auto loss = [&] {
    run.forward(reference);
    double sum = 0;
    for (int64_t row = 0; row < run.live; ++row)
      for (int64_t column = 0; column < run.output.columns(); ++column)
        sum += run.output.at(row, column) * run.output_gradient.at(row, column);
    return sum;
  };
  expect_gradient("word", run.word, run.word_gradient, loss);
  expect_gradient("type", run.type, run.type_gradient, loss);
  expect_gradient("position", run.position, run.position_gradient, loss);
  expect_gradient("gamma", run.gamma, run.gamma_gradient, loss);
  expect_gradient("beta", run.beta, run.beta_gradient, loss);
}

TEST(Embedding, AWordThatDoesNotOccurHasNoGradient) {
  EmbeddingCase<float> run(shapes[3]);
  for (int64_t row = 0; row < run.live; ++row)
    if (run.tokens.at(row, 0) == 39) run.tokens.at(row, 0) = 38;
  run.order_tokens();
  Cpu cpu;
  run.run(cpu);
  for (int64_t column = 0; column < run.word.columns(); ++column)
    EXPECT_EQ(run.word_gradient.at(39, column), 0);
}

TEST(Embedding, WithoutDropoutRowsAreNormalised) {
  const Shape shape = {6, 64, 10, 2, 6, 6, 0};
  EmbeddingCase<float> run(shape);
  for (int64_t column = 0; column < 64; ++column) run.gamma[column] = 1, run.beta[column] = 0;
  Cpu cpu;
  run.forward(cpu);
  for (int64_t row = 0; row < 6; ++row) {
    double mean = 0, square = 0;
    for (int64_t column = 0; column < 64; ++column) {
      mean += run.output.at(row, column) / 64;
      square += run.output.at(row, column) * run.output.at(row, column) / 64;
    }
    EXPECT_NEAR(mean, 0, 1e-6);
    EXPECT_NEAR(square, 1, 1e-5);
  }
}

}  // namespace
}  // namespace cloze::testing
