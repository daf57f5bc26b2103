#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/embedding/embedding_cpu.cpp"
#include <algorithm>
#include <cmath>
#include <cstring>

#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/common/dropout_simd-inl.h"
#include "kernels/common/parallel.h"
#include "kernels/common/simd_loop-inl.h"
#include "kernels/embedding/embedding.h"

HWY_BEFORE_NAMESPACE();
namespace cloze {
namespace HWY_NAMESPACE {

// The three rows whose sum is row `row` of the batch, of either direction's struct.
struct EmbeddingRows {
  const float *word, *type, *position;

  template <class Op>
  EmbeddingRows(const Op& op, int64_t row)
      : word(op.word.template row<float>(*op.tokens.template row<int32_t>(row))),
        type(op.type.template row<float>(*op.token_types.template row<int32_t>(row))),
        position(op.position.template row<float>(*op.positions.template row<int32_t>(row))) {}

  template <class D>
  HWY_INLINE hn::Vec<D> sum(D d, int64_t i) const {
    return hn::Add(hn::Add(hn::LoadU(d, word + i), hn::LoadU(d, type + i)), hn::LoadU(d, position + i));
  }
};

// The output row holds the sum until it is normalised in place: it stays in the first cache.
HWY_INLINE void forward_row(const EmbeddingForward& op, int64_t row) {
  const int64_t hidden = op.output.columns;
  const float* gamma = op.gamma.as<float>();
  const float* beta = op.beta.as<float>();
  float* output = op.output.row<float>(row);
  const EmbeddingRows rows(op, row);
  const float mean = sum_vectors(hidden,
                                 [&](auto d, int64_t i, auto& sum, auto&) HWY_ATTR {
                                   const auto x = rows.sum(d, i);
                                   hn::StoreU(x, d, output + i);
                                   sum = hn::Add(sum, x);
                                 })
                         .first /
                     static_cast<float>(hidden);
  const float variance = sum_vectors(hidden,
                                     [&](auto d, int64_t i, auto& squares, auto&) HWY_ATTR {
                                       const auto centred =
                                           hn::Sub(hn::LoadU(d, output + i), hn::Set(d, mean));
                                       squares = hn::MulAdd(centred, centred, squares);
                                     })
                             .first /
                         static_cast<float>(hidden);
  const float rstd = 1.0f / std::sqrt(variance + op.epsilon);
  for_each_vector(hidden, [&](auto d, int64_t i) HWY_ATTR {
    const auto centred = hn::Sub(hn::LoadU(d, output + i), hn::Set(d, mean));
    const auto scaled = hn::Mul(hn::Mul(centred, hn::Set(d, rstd)), hn::LoadU(d, gamma + i));
    hn::StoreU(hn::Add(scaled, hn::LoadU(d, beta + i)), d, output + i);
  });
  if (op.dropout.active()) dropout_multiply(dropout_row(op.dropout, row), output, hidden, output);
  if (op.statistics) {
    op.statistics.row<float>(row)[0] = mean;
    op.statistics.row<float>(row)[1] = rstd;
  }
}

void forward_rows(const EmbeddingForward& op) {
  parallel_for(0, op.tokens.live_rows(), 8, [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t row = first; row < last; ++row) forward_row(op, row);
  });
}

// The sum_gradient row, added to the partial sums of one chunk: gamma, beta and the types, [2 + types,
// hidden].
HWY_INLINE void backward_row(const EmbeddingBackward& op, int64_t row, float* partials) {
  const int64_t hidden = op.sum_gradient.columns;
  const float* gamma = op.gamma.as<float>();
  const float mean = op.statistics.row<float>(row)[0], rstd = op.statistics.row<float>(row)[1];
  const float* incoming = op.output_gradient.row<float>(row);
  float* gradient = op.sum_gradient.row<float>(row);
  if (op.dropout.active()) {
    dropout_multiply(dropout_row(op.dropout, row), incoming, hidden, gradient);
    incoming = gradient;
  }
  const EmbeddingRows rows(op, row);
  float* gamma_sum = partials;
  float* beta_sum = partials + hidden;
  float* type_sum = partials + (2 + *op.token_types.row<int32_t>(row)) * hidden;
  const TwoSums sums = sum_vectors(hidden, [&](auto d, int64_t i, auto& sum, auto& product_sum) HWY_ATTR {
    const auto normalised = hn::Mul(hn::Sub(rows.sum(d, i), hn::Set(d, mean)), hn::Set(d, rstd));
    const auto dy = hn::LoadU(d, incoming + i);
    const auto scaled = hn::Mul(dy, hn::LoadU(d, gamma + i));
    sum = hn::Add(sum, scaled);
    product_sum = hn::MulAdd(scaled, normalised, product_sum);
    hn::StoreU(hn::MulAdd(dy, normalised, hn::LoadU(d, gamma_sum + i)), d, gamma_sum + i);
    hn::StoreU(hn::Add(dy, hn::LoadU(d, beta_sum + i)), d, beta_sum + i);
  });
  const float mean_gradient = sums.first / static_cast<float>(hidden);
  const float mean_product = sums.second / static_cast<float>(hidden);
  for_each_vector(hidden, [&](auto d, int64_t i) HWY_ATTR {
    const auto normalised = hn::Mul(hn::Sub(rows.sum(d, i), hn::Set(d, mean)), hn::Set(d, rstd));
    const auto scaled = hn::Mul(hn::LoadU(d, incoming + i), hn::LoadU(d, gamma + i));
    const auto centred =
        hn::NegMulAdd(normalised, hn::Set(d, mean_product), hn::Sub(scaled, hn::Set(d, mean_gradient)));
    const auto result = hn::Mul(centred, hn::Set(d, rstd));
    hn::StoreU(result, d, gradient + i);
    hn::StoreU(hn::Add(result, hn::LoadU(d, type_sum + i)), d, type_sum + i);
  });
}

void backward_chunks(const EmbeddingBackward& op) {
  const int64_t live = op.output_gradient.live_rows();
  const int64_t chunk_partials = (2 + op.type.rows) * op.sum_gradient.columns;
  parallel_for(0, column_sum_chunks(live), 1, [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t chunk = first; chunk < last; ++chunk) {
      float* partials = op.workspace.as<float>() + chunk * chunk_partials;
      std::memset(partials, 0, static_cast<size_t>(chunk_partials) * sizeof(float));
      const int64_t begin = chunk * column_sum_chunk_rows;
      for (int64_t row = begin; row < std::min(live, begin + column_sum_chunk_rows); ++row)
        backward_row(op, row, partials);
    }
  });
}

HWY_INLINE void add_row(const float* values, int64_t columns, float* sums) {
  for_each_vector(columns, [&](auto d, int64_t i) HWY_ATTR {
    hn::StoreU(hn::Add(hn::LoadU(d, sums + i), hn::LoadU(d, values + i)), d, sums + i);
  });
}

// A run of equal tokens is added, in row order, by the thread in whose range it begins.
void add_word_rows(const EmbeddingBackward& op) {
  const int64_t live = op.output_gradient.live_rows();
  const int32_t* order = op.token_order.as<int32_t>();
  const int64_t stride = op.token_order.stride;
  const auto token_at = [&](int64_t i) { return *op.tokens.row<int32_t>(order[i * stride]); };
  const auto continues_run = [&](int64_t i) { return i > 0 && i < live && token_at(i) == token_at(i - 1); };
  parallel_for(0, live, 16, [&](int64_t first, int64_t last) HWY_ATTR {
    while (first < last && continues_run(first)) ++first;
    if (first == last) return;
    while (continues_run(last)) ++last;
    for (int64_t i = first; i < last; ++i)
      add_row(op.sum_gradient.row<float>(order[i * stride]), op.sum_gradient.columns,
              op.word_gradient.row<float>(token_at(i)));
  });
}

// Every thread adds all rows, in order, of some columns.
void add_position_rows(const EmbeddingBackward& op) {
  const int64_t live = op.output_gradient.live_rows();
  parallel_for(0, op.sum_gradient.columns, 16, [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t row = 0; row < live; ++row)
      add_row(op.sum_gradient.row<float>(row) + first, last - first,
              op.position_gradient.row<float>(*op.positions.row<int32_t>(row)) + first);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace cloze
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cloze {
HWY_EXPORT(forward_rows);
HWY_EXPORT(backward_chunks);
HWY_EXPORT(add_word_rows);
HWY_EXPORT(add_position_rows);

namespace {

void clear(const Tensor& gradient, GradientMode mode) {
  if (mode == GradientMode::accumulate) return;
  parallel_for(0, gradient.rows, 64, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row)
      std::memset(gradient.row<float>(row), 0, static_cast<size_t>(gradient.columns) * sizeof(float));
  });
}

}  // namespace

void embedding_forward(Cpu&, const EmbeddingForward& op) {
  HWY_DYNAMIC_DISPATCH(forward_rows)(op);
}

void embedding_backward(Cpu&, const EmbeddingBackward& op) {
  HWY_DYNAMIC_DISPATCH(backward_chunks)(op);

  const int64_t hidden = op.sum_gradient.columns, types = op.type.rows;
  const int64_t chunks = column_sum_chunks(op.output_gradient.live_rows());
  const auto finish = [&](int64_t part, float* sums) {
    finish_column_sums(op.workspace.as<float>() + part * hidden, chunks, (2 + types) * hidden, hidden,
                       op.mode, sums);
  };
  finish(0, op.gamma_gradient.as<float>());
  finish(1, op.beta_gradient.as<float>());
  for (int64_t type = 0; type < types; ++type) finish(2 + type, op.type_gradient.row<float>(type));

  clear(op.word_gradient, op.word_mode);
  HWY_DYNAMIC_DISPATCH(add_word_rows)(op);
  clear(op.position_gradient, op.mode);
  HWY_DYNAMIC_DISPATCH(add_position_rows)(op);
}

}  // namespace cloze
#endif
