#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/layer_norm/layer_norm_cpu.cpp"
#include <algorithm>
#include <cmath>

#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/common/dropout_simd-inl.h"
#include "kernels/common/parallel.h"
#include "kernels/layer_norm/layer_norm.h"

HWY_BEFORE_NAMESPACE();
namespace cloze {
namespace HWY_NAMESPACE {
namespace {

using FullTag = hn::ScalableTag<float>;
using SingleTag = hn::CappedTag<float, 1>;

// A sum over a row: four vectors' worth of independent chains, and what is left at the row's end.
class RowSum {
 public:
  HWY_INLINE RowSum() {
    for (auto& sum : wide_) sum = hn::Zero(FullTag());
  }
  HWY_INLINE void add(FullTag, int slot, hn::Vec<FullTag> value) {
    wide_[slot] = hn::Add(wide_[slot], value);
  }
  HWY_INLINE void add(SingleTag, int, hn::Vec<SingleTag> value) { single_ += hn::GetLane(value); }
  HWY_INLINE float total() const {
    const auto sum = hn::Add(hn::Add(wide_[0], wide_[1]), hn::Add(wide_[2], wide_[3]));
    return hn::GetLane(hn::SumOfLanes(FullTag(), sum)) + single_;
  }

 private:
  hn::Vec<FullTag> wide_[4];
  float single_ = 0;
};

// body(d, column, slot, multiplier) over a row: groups of four vectors (slots 0 to 3), then single lanes.
// multiplier is the dropout's, or 1 where `mask` is null.
template <class Body>
HWY_INLINE void for_each_column(const DropoutRow* mask, int64_t columns, const Body& body) {
  const FullTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  auto m0 = hn::Set(d, 1.0f), m1 = m0, m2 = m0, m3 = m0;
  int64_t column = 0;
  for (; column + 4 * lanes <= columns; column += 4 * lanes) {
    if (mask != nullptr) dropout_multipliers(d, *mask, static_cast<uint32_t>(column), m0, m1, m2, m3);
    body(d, column, 0, m0);
    body(d, column + lanes, 1, m1);
    body(d, column + 2 * lanes, 2, m2);
    body(d, column + 3 * lanes, 3, m3);
  }
  if (column == columns) return;
  HWY_ALIGN float tail[dropout_group_max];
  std::fill_n(tail, columns - column, 1.0f);
  if (mask != nullptr) dropout_fill(d, *mask, static_cast<uint32_t>(column), columns - column, tail);
  const float* multiplier = tail;
  const SingleTag single;
  for (; column < columns; ++column, ++multiplier) body(single, column, 0, hn::LoadU(single, multiplier));
}

// The same without a dropout: body(d, column, slot).
template <class Body>
HWY_INLINE void for_each_column(int64_t columns, const Body& body) {
  for_each_column(nullptr, columns,
                  [&](auto d, int64_t column, int slot, auto) HWY_ATTR { body(d, column, slot); });
}

// kept = dropout(input + bias) + residual; returns its mean.
HWY_INLINE float sum_row(const LayerNormForward& op, int64_t row, float* kept) {
  const int64_t hidden = op.input.columns;
  const float* input = op.input.row<float>(row);
  const float* bias = op.bias ? op.bias.as<float>() : nullptr;
  const float* residual = op.residual ? op.residual.row<float>(row) : nullptr;
  const DropoutRow mask = op.dropout.active() ? dropout_row(op.dropout, row) : DropoutRow{};
  RowSum sum;
  for_each_column(op.dropout.active() ? &mask : nullptr, hidden,
                  [&](auto d, int64_t column, int slot, auto multiplier) HWY_ATTR {
                    auto x = hn::LoadU(d, input + column);
                    if (bias != nullptr) x = hn::Add(x, hn::LoadU(d, bias + column));
                    x = hn::Mul(x, multiplier);
                    if (residual != nullptr) x = hn::Add(x, hn::LoadU(d, residual + column));
                    hn::StoreU(x, d, kept + column);
                    sum.add(d, slot, x);
                  });
  return sum.total() / static_cast<float>(hidden);
}

HWY_INLINE float variance_of(const float* row, int64_t hidden, float mean) {
  RowSum squares;
  for_each_column(hidden, [&](auto d, int64_t column, int slot) HWY_ATTR {
    const auto centred = hn::Sub(hn::LoadU(d, row + column), hn::Set(d, mean));
    squares.add(d, slot, hn::Mul(centred, centred));
  });
  return squares.total() / static_cast<float>(hidden);
}

void forward_row(const LayerNormForward& op, int64_t row) {
  const int64_t hidden = op.input.columns;
  float* output = op.output.row<float>(row);
  float* kept = op.sum ? op.sum.row<float>(row) : output;
  const float mean = sum_row(op, row, kept);
  const float rstd = 1 / std::sqrt(variance_of(kept, hidden, mean) + op.epsilon);
  const float* gamma = op.gamma.as<float>();
  const float* beta = op.beta.as<float>();
  for_each_column(hidden, [&](auto d, int64_t column, int) HWY_ATTR {
    const auto centred = hn::Sub(hn::LoadU(d, kept + column), hn::Set(d, mean));
    const auto normalized = hn::Mul(centred, hn::Set(d, rstd));
    hn::StoreU(hn::MulAdd(normalized, hn::LoadU(d, gamma + column), hn::LoadU(d, beta + column)), d,
               output + column);
  });
  if (!op.statistics) return;
  op.statistics.row<float>(row)[0] = mean;
  op.statistics.row<float>(row)[1] = rstd;
}

// The column sums of one chunk of rows: [hidden] each.
struct ChunkSums {
  float *gamma, *beta, *bias;
};

// Writes the row's gradients and adds to the chunk's sums. Notation: layer_norm_reference.cpp.
void backward_row(const LayerNormBackward& op, int64_t row, const ChunkSums& sums) {
  const int64_t hidden = op.sum.columns;
  const float* output_gradient = op.output_gradient.row<float>(row);
  const float* sum = op.sum.row<float>(row);
  const float* gamma = op.gamma.as<float>();
  const float mean = op.statistics.row<float>(row)[0];
  const float rstd = op.statistics.row<float>(row)[1];
  const auto normalized = [&](auto d, int64_t column) HWY_ATTR {
    return hn::Mul(hn::Sub(hn::LoadU(d, sum + column), hn::Set(d, mean)), hn::Set(d, rstd));
  };

  RowSum gradients, products;
  for_each_column(hidden, [&](auto d, int64_t column, int slot) HWY_ATTR {
    const auto x = normalized(d, column);
    const auto dy = hn::LoadU(d, output_gradient + column);
    const auto g = hn::Mul(dy, hn::LoadU(d, gamma + column));
    gradients.add(d, slot, g);
    products.add(d, slot, hn::Mul(g, x));
    hn::StoreU(hn::MulAdd(dy, x, hn::LoadU(d, sums.gamma + column)), d, sums.gamma + column);
    hn::StoreU(hn::Add(dy, hn::LoadU(d, sums.beta + column)), d, sums.beta + column);
  });
  const float mean_gradient = gradients.total() / static_cast<float>(hidden);
  const float mean_product = products.total() / static_cast<float>(hidden);

  float* sum_gradient = op.sum_gradient.row<float>(row);
  float* input_gradient = op.input_gradient ? op.input_gradient.row<float>(row) : nullptr;
  const DropoutRow mask = op.dropout.active() ? dropout_row(op.dropout, row) : DropoutRow{};
  for_each_column(
      op.dropout.active() ? &mask : nullptr, hidden,
      [&](auto d, int64_t column, int, auto multiplier) HWY_ATTR {
        const auto g = hn::Mul(hn::LoadU(d, output_gradient + column), hn::LoadU(d, gamma + column));
        const auto centred = hn::Sub(g, hn::Set(d, mean_gradient));
        const auto dx = hn::Mul(hn::NegMulAdd(normalized(d, column), hn::Set(d, mean_product), centred),
                                hn::Set(d, rstd));
        const auto through_dropout = hn::Mul(dx, multiplier);
        hn::StoreU(dx, d, sum_gradient + column);
        if (input_gradient != nullptr) hn::StoreU(through_dropout, d, input_gradient + column);
        if (sums.bias != nullptr) {
          hn::StoreU(hn::Add(through_dropout, hn::LoadU(d, sums.bias + column)), d, sums.bias + column);
        }
      });
}

}  // namespace

void layer_norm_forward_rows(const LayerNormForward& op) {
  constexpr int64_t grain = 8;  // rows
  parallel_for(0, op.input.live_rows(), grain, [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t row = first; row < last; ++row) forward_row(op, row);
  });
}

void layer_norm_backward_chunks(const LayerNormBackward& op) {
  const int64_t rows = op.output_gradient.live_rows(), hidden = op.sum.columns;
  parallel_for(0, column_sum_chunks(rows), 1, [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t chunk = first; chunk < last; ++chunk) {
      float* partials = op.workspace.as<float>() + 3 * hidden * chunk;
      const ChunkSums sums{partials, partials + hidden, op.bias_gradient ? partials + 2 * hidden : nullptr};
      std::fill_n(partials, 3 * hidden, 0.0f);
      const int64_t end = std::min(rows, (chunk + 1) * column_sum_chunk_rows);
      for (int64_t row = chunk * column_sum_chunk_rows; row < end; ++row) backward_row(op, row, sums);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace cloze
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cloze {
HWY_EXPORT(layer_norm_forward_rows);
HWY_EXPORT(layer_norm_backward_chunks);

void layer_norm_forward(Cpu&, const LayerNormForward& op) {
  HWY_DYNAMIC_DISPATCH(layer_norm_forward_rows)(op);
}

void layer_norm_backward(Cpu&, const LayerNormBackward& op) {
  HWY_DYNAMIC_DISPATCH(layer_norm_backward_chunks)(op);
  const int64_t hidden = op.sum.columns;
  const int64_t chunks = column_sum_chunks(op.output_gradient.live_rows());
  const float* partials = op.workspace.as<float>();
  const auto finish = [&](int64_t which, const Tensor& gradient) {
    if (gradient)
      finish_column_sums(partials + which * hidden, chunks, 3 * hidden, hidden, op.mode,
                         gradient.as<float>());
  };
  finish(0, op.gamma_gradient);
  finish(1, op.beta_gradient);
  finish(2, op.bias_gradient);
}

}  // namespace cloze
#endif
