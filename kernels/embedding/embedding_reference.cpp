#include <cmath>

#include "kernels/common/reference.h"
#include "kernels/embedding/embedding.h"

namespace cloze {
namespace {

int32_t id_at(const Tensor& ids, int64_t row) {
  return *ids.row<int32_t>(row);
}

// One element of word[token] + type[segment] + position[index], of either direction's struct.
template <typename T, typename Op>
T sum_at(const Op& op, int64_t row, int64_t column) {
  return op.word.template row<T>(id_at(op.tokens, row))[column] +
         op.type.template row<T>(id_at(op.token_types, row))[column] +
         op.position.template row<T>(id_at(op.positions, row))[column];
}

template <typename T>
void forward_row(const EmbeddingForward& op, int64_t row) {
  const int64_t hidden = op.output.columns;
  T mean = 0, variance = 0;
  for (int64_t column = 0; column < hidden; ++column) mean += sum_at<T>(op, row, column);
  mean /= static_cast<T>(hidden);
  for (int64_t column = 0; column < hidden; ++column) {
    const T centred = sum_at<T>(op, row, column) - mean;
    variance += centred * centred;
  }
  variance /= static_cast<T>(hidden);
  const T rstd = 1 / std::sqrt(variance + static_cast<T>(op.epsilon));
  for (int64_t column = 0; column < hidden; ++column) {
    const T normalised = (sum_at<T>(op, row, column) - mean) * rstd;
    op.output.row<T>(row)[column] = (normalised * op.gamma.as<T>()[column] + op.beta.as<T>()[column]) *
                                    static_cast<T>(dropout_multiplier(op.dropout, row, column));
  }
  if (op.statistics) {
    op.statistics.row<T>(row)[0] = mean;
    op.statistics.row<T>(row)[1] = rstd;
  }
}

// gamma and beta gradients (+=), sum_gradient
template <typename T>
void backward_row(const EmbeddingBackward& op, int64_t row) {
  const int64_t hidden = op.output_gradient.columns;
  const T mean = op.statistics.row<T>(row)[0], rstd = op.statistics.row<T>(row)[1];
  const auto incoming = [&](int64_t column) {
    return op.output_gradient.row<T>(row)[column] *
           static_cast<T>(dropout_multiplier(op.dropout, row, column));
  };
  const auto normalised = [&](int64_t column) { return (sum_at<T>(op, row, column) - mean) * rstd; };
  T sum = 0, product_sum = 0;
  for (int64_t column = 0; column < hidden; ++column) {
    op.gamma_gradient.as<T>()[column] += incoming(column) * normalised(column);
    op.beta_gradient.as<T>()[column] += incoming(column);
    sum += incoming(column) * op.gamma.as<T>()[column];
    product_sum += incoming(column) * op.gamma.as<T>()[column] * normalised(column);
  }
  for (int64_t column = 0; column < hidden; ++column)
    op.sum_gradient.row<T>(row)[column] =
        rstd * (incoming(column) * op.gamma.as<T>()[column] - sum / static_cast<T>(hidden) -
                normalised(column) * product_sum / static_cast<T>(hidden));
}

template <typename T>
void clear(const Tensor& gradient, GradientMode mode) {
  if (mode == GradientMode::accumulate) return;
  for (int64_t row = 0; row < gradient.rows; ++row)
    for (int64_t column = 0; column < gradient.columns; ++column) gradient.row<T>(row)[column] = 0;
}

}  // namespace

void embedding_forward(Reference&, const EmbeddingForward& op) {
  with_element_type(op.output, [&]<typename T>(T) {
    for (int64_t row = 0; row < op.tokens.live_rows(); ++row) forward_row<T>(op, row);
  });
}

void embedding_backward(Reference&, const EmbeddingBackward& op) {
  with_element_type(op.sum_gradient, [&]<typename T>(T) {
    clear<T>(op.word_gradient, op.word_mode);
    for (const Tensor& gradient :
         {op.type_gradient, op.position_gradient, op.gamma_gradient, op.beta_gradient})
      clear<T>(gradient, op.mode);
    for (int64_t row = 0; row < op.output_gradient.live_rows(); ++row) {
      backward_row<T>(op, row);
      for (int64_t column = 0; column < op.sum_gradient.columns; ++column) {
        const T value = op.sum_gradient.row<T>(row)[column];
        op.word_gradient.row<T>(id_at(op.tokens, row))[column] += value;
        op.type_gradient.row<T>(id_at(op.token_types, row))[column] += value;
        op.position_gradient.row<T>(id_at(op.positions, row))[column] += value;
      }
    }
  });
}

}  // namespace cloze
