#include "kernels/embedding/embedding.h"

#include <algorithm>
#include <numeric>

#include "kernels/common/philox.h"
#include "tests/simt/stage.h"

namespace cloze::testing {
namespace {

struct EmbeddingSetup {
  int64_t vocabulary, hidden;
  std::vector<int32_t> lengths;  // of the sequences
  int32_t live;                  // <= their sum
  float dropout = 0;
  int32_t types = 2;
  GradientMode word_mode = GradientMode::overwrite, mode = GradientMode::overwrite;
  int32_t mask_every = 7;  // one token in so many is token 3: a run that crosses pieces
};

struct Batch {
  std::vector<int32_t> tokens, types, positions, order;
};

Batch make_batch(const EmbeddingSetup& s) {
  Batch batch;
  for (const int32_t length : s.lengths)
    for (int32_t i = 0; i < length; ++i) {
      const auto row = static_cast<uint32_t>(batch.tokens.size());
      const PhiloxBits bits = philox({row, 5, 0, 0}, {1, 2});
      const bool masked = static_cast<int32_t>(row) % s.mask_every == 0;
      batch.tokens.push_back(
          masked ? 3 : static_cast<int32_t>(scale_to(bits.word0, static_cast<uint32_t>(s.vocabulary))));
      batch.types.push_back(static_cast<int32_t>(scale_to(bits.word1, static_cast<uint32_t>(s.types))));
      batch.positions.push_back(i);
    }
  batch.order.resize(batch.tokens.size(), -1);
  std::iota(batch.order.begin(), batch.order.begin() + s.live, 0);
  std::stable_sort(batch.order.begin(), batch.order.begin() + s.live, [&](int32_t left, int32_t right) {
    return batch.tokens[static_cast<size_t>(left)] < batch.tokens[static_cast<size_t>(right)];
  });
  return batch;
}

// Plain arithmetic with a stored sum_gradient: table gradients are sums of what was stored.
template <typename Stage>
void sum_stored_rows(Stage& stage, const std::vector<int32_t>& ids, int32_t live, const Tensor& sum_gradient,
                     const std::vector<double>& present, const Tensor& gradient) {
  if (!stage.rounds()) return;
  const std::vector<double> rows = stage.read(sum_gradient, live);
  const auto columns = static_cast<size_t>(gradient.columns);
  std::vector<double> sums = present;
  sums.resize(static_cast<size_t>(gradient.rows) * columns, 0);
  for (size_t row = 0; row < static_cast<size_t>(live); ++row)
    for (size_t column = 0; column < columns; ++column) {
      double& sum = sums[static_cast<size_t>(ids[row]) * columns + column];
      sum = static_cast<float>(sum + rows[row * columns + column]);
    }
  stage.write(gradient, sums);
}

template <typename Stage>
void forward_and_backward(Stage& stage, const EmbeddingSetup& s) {
  const Batch batch = make_batch(s);
  const auto rows = static_cast<int64_t>(batch.tokens.size());
  const int64_t positions = *std::max_element(s.lengths.begin(), s.lengths.end()) + 2;
  const int32_t* live = stage.live(s.live);
  Tensor tokens = stage.ids({rows, 1}, batch.tokens);
  tokens.live = live;
  const Tensor types = stage.ids({rows, 1}, batch.types), places = stage.ids({rows, 1}, batch.positions);
  const Tensor order = stage.ids({rows, 1}, batch.order);
  const Tensor word = stage.input({s.vocabulary, s.hidden}), type = stage.input({s.types, s.hidden});
  const Tensor position = stage.input({positions, s.hidden});
  const Tensor gamma = stage.input({1, s.hidden}, 0.5f, 1.5f), beta = stage.input({1, s.hidden});
  const Dropout dropout = stage.dropout(s.dropout, s.lengths);
  const Tensor output = stage.output({rows, s.hidden}), statistics = stage.output_f32({rows, 2});
  embedding_forward(stage.device(), EmbeddingForward{tokens, types, places, word, type, position, gamma, beta,
                                                     1e-12f, dropout, output, statistics});
  stage.stored(output);
  stage.compare("output", output, s.live);
  stage.compare("statistics", statistics, s.live);

  Tensor output_gradient = stage.input({rows, s.hidden});
  output_gradient.live = live;
  const auto gradient = [&](int64_t count, GradientMode mode) {
    return mode == GradientMode::accumulate ? stage.input_f32({count, s.hidden})
                                            : stage.output_f32({count, s.hidden});
  };
  const Tensor sum_gradient = stage.output({rows, s.hidden});
  const Tensor word_gradient = gradient(s.vocabulary, s.word_mode), type_gradient = gradient(s.types, s.mode);
  const Tensor position_gradient = gradient(positions, s.mode);
  const Tensor gamma_gradient = gradient(1, s.mode), beta_gradient = gradient(1, s.mode);
  const Tensor workspace = stage.output_f32({1, embedding_backward_workspace(rows, s.hidden, s.types)});
  using Values = std::vector<double>;
  const Values words = s.word_mode == GradientMode::accumulate ? stage.read(word_gradient) : Values{};
  const Values places_before = s.mode == GradientMode::accumulate ? stage.read(position_gradient) : Values{};
  embedding_backward(stage.device(), EmbeddingBackward{output_gradient,
                                                       tokens,
                                                       types,
                                                       places,
                                                       order,
                                                       word,
                                                       type,
                                                       position,
                                                       gamma,
                                                       dropout,
                                                       statistics,
                                                       sum_gradient,
                                                       word_gradient,
                                                       type_gradient,
                                                       position_gradient,
                                                       s.word_mode,
                                                       gamma_gradient,
                                                       beta_gradient,
                                                       s.mode,
                                                       workspace});
  stage.stored(sum_gradient);
  sum_stored_rows(stage, batch.tokens, s.live, sum_gradient, words, word_gradient);
  sum_stored_rows(stage, batch.positions, s.live, sum_gradient, places_before, position_gradient);
  stage.compare("sum_gradient", sum_gradient, s.live);
  stage.compare("word_gradient", word_gradient);
  stage.compare("type_gradient", type_gradient);
  stage.compare("position_gradient", position_gradient);
  stage.compare("gamma_gradient", gamma_gradient);
  stage.compare("beta_gradient", beta_gradient);
}

void expect_all(const EmbeddingSetup& setup) {
  expect_matches_reference([&](auto& stage) { forward_and_backward(stage, setup); });
}

TEST(CudaEmbedding, HiddenSizes) {
  for (const int64_t hidden : {64, 72, 256, 768, 1024}) {
    SCOPED_TRACE(hidden);
    expect_all({50, hidden, {7, 1, 5}, 13, 0.1f});
  }
}

TEST(CudaEmbedding, RowCounts) {
  for (const int32_t live : {0, 1, 2, 63, 64, 65, 128, 129}) {
    SCOPED_TRACE(live);
    expect_all({40, 64, {100, 30}, live, 0.1f});
  }
}

// One token makes up most of the batch: its run crosses several pieces, and begins and ends on their edges.
TEST(CudaEmbedding, LongRuns) {
  expect_all({5, 64, {128, 128, 44}, 300, 0, 2, GradientMode::overwrite, GradientMode::overwrite, 2});
  expect_all({8, 64, {200}, 192, 0, 2, GradientMode::accumulate, GradientMode::overwrite, 1});
  expect_all({4, 64, {64, 64}, 128, 0.1f, 2, GradientMode::overwrite, GradientMode::overwrite, 1});
}

TEST(CudaEmbedding, Accumulates) {
  expect_all({60, 128, {40, 33}, 70, 0.2f, 2, GradientMode::accumulate, GradientMode::accumulate});
}

TEST(CudaEmbedding, NumbersOfTypes) {
  for (const int32_t types : {1, 3, 5}) expect_all({30, 64, {20, 9}, 29, 0, types});
}

TEST(CudaEmbedding, RandomShapes) {
  for_random_shapes(6, [](ShapeDraws& draw) {
    EmbeddingSetup setup{
        draw.between(4, 60), 8 * draw.between(1, 40), {}, 0, draw.one_of({0.0f, 0.1f, 0.5f})};
    int64_t rows = 0;
    for (int64_t sequences = draw.between(1, 4); sequences > 0; --sequences) {
      setup.lengths.push_back(static_cast<int32_t>(draw.between(1, 90)));
      rows += setup.lengths.back();
    }
    setup.live = static_cast<int32_t>(draw.between(0, rows));
    setup.types = static_cast<int32_t>(draw.between(1, 4));
    setup.word_mode = draw.coin() ? GradientMode::accumulate : GradientMode::overwrite;
    setup.mode = draw.coin() ? GradientMode::accumulate : GradientMode::overwrite;
    setup.mask_every = static_cast<int32_t>(draw.between(1, 9));
    expect_all(setup);
  });
}

TEST(CudaEmbedding, RealVocabulary) {
  expect_matches_reference(Storage::bf16, [&](auto& stage) {
    forward_and_backward(stage, {30522, 64, {70, 20}, 88, 0.1f});
  });
}

}  // namespace
}  // namespace cloze::testing
