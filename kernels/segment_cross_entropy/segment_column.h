#pragma once

#include <cmath>

#include "kernels/segment_cross_entropy/segment_cross_entropy.h"

namespace cloze {

// One column of one segment: a few hundred values, `columns` apart. Plain loops serve both devices: the work
// is nothing beside a layer's. Sums are in double.
template <typename T>
void segment_column(const SegmentCrossEntropy& op, int64_t segment, int64_t column) {
  const int32_t* offsets = op.offsets.as<int32_t>();
  const int64_t first = offsets[segment], rows = offsets[segment + 1] - first;
  const int32_t label = op.labels.row<int32_t>(segment)[column];
  const auto logit = [&](int64_t row) { return static_cast<double>(op.logits.row<T>(first + row)[column]); };
  int64_t highest = 0;
  for (int64_t row = 1; row < rows; ++row) {
    if (logit(row) > logit(highest)) highest = row;
  }
  double sum = 0;
  const double maximum = rows > 0 ? logit(highest) : 0;
  for (int64_t row = 0; row < rows; ++row) sum += std::exp(logit(row) - maximum);
  const double log_sum_exp = maximum + std::log(sum);
  op.row_loss.row<T>(segment)[column] = label < 0 ? T(0) : static_cast<T>(log_sum_exp - logit(label));
  op.row_correct.row<int32_t>(segment)[column] = rows > 0 && highest == label ? 1 : 0;
  if (!op.gradient) return;
  const auto scale = static_cast<double>(*op.scale.as<T>());
  for (int64_t row = 0; row < rows; ++row) {
    const double probability = std::exp(logit(row) - log_sum_exp);
    op.gradient.row<T>(first + row)[column] =
        label < 0 ? T(0) : static_cast<T>(scale * (probability - (row == label ? 1 : 0)));
  }
}

template <typename T>
void sum_segment_losses(const SegmentCrossEntropy& op) {
  double sum = 0;
  for (int64_t segment = 0; segment < op.labels.live_rows(); ++segment) {
    for (int64_t column = 0; column < op.labels.columns; ++column) {
      sum += static_cast<double>(op.row_loss.row<T>(segment)[column]);
    }
  }
  *op.loss.as<T>() = static_cast<T>(static_cast<double>(*op.scale.as<T>()) * sum);
}

}  // namespace cloze
