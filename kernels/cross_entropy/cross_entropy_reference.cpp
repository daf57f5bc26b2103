#include "kernels/cross_entropy/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/common/reference.h"

namespace cloze {
namespace {

// gradient = scale · weight (softmax(logits) - target); zero from `classes` on and without a label.
template <typename T>
void cross_entropy_gradient(const CrossEntropy& op, int64_t row, int32_t label, T log_sum_exp, T weight) {
  const T* logits = op.logits.row<T>(row);
  T* gradient = op.gradient.row<T>(row);
  const T scale = *op.scale.as<T>() * weight;
  const T elsewhere = static_cast<T>(op.smoothing) / static_cast<T>(op.classes);
  for (int64_t c = 0; c < op.logits.columns; ++c) {
    if (label < 0 || c >= op.classes) {
      gradient[c] = 0;
    } else {
      const T target = elsewhere + (c == label ? 1 - static_cast<T>(op.smoothing) : T(0));
      gradient[c] = scale * (std::exp(logits[c] - log_sum_exp) - target);
    }
  }
}

template <typename T>
T smoothed_loss(const CrossEntropy& op, const T* logits, int32_t label, T log_sum_exp) {
  const T smoothing = static_cast<T>(op.smoothing);
  T mean = 0;
  for (int64_t c = 0; c < op.classes; ++c) mean += logits[c] / static_cast<T>(op.classes);
  return log_sum_exp - (1 - smoothing) * logits[label] - smoothing * mean;
}

template <typename T>
void loss_and_gradient(const CrossEntropy& op) {
  T loss = 0;
  for (int64_t row = 0; row < op.logits.live_rows(); ++row) {
    const T* logits = op.logits.row<T>(row);
    const int32_t label = *op.labels.row<int32_t>(row);
    const T weight = op.weights ? *op.weights.row<T>(row) : T(1);
    const T* highest = std::max_element(logits, logits + op.classes);  // the first of equals
    T sum = 0;
    for (int64_t c = 0; c < op.classes; ++c) sum += std::exp(logits[c] - *highest);
    const T log_sum_exp = *highest + std::log(sum);
    const T row_loss = label < 0 ? T(0) : weight * smoothed_loss(op, logits, label, log_sum_exp);
    *op.row_loss.row<T>(row) = row_loss;
    *op.row_correct.row<int32_t>(row) = highest - logits == label ? 1 : 0;
    loss += row_loss;
    if (op.gradient) cross_entropy_gradient(op, row, label, log_sum_exp, weight);
  }
  *op.loss.as<T>() = *op.scale.as<T>() * loss;
}

}  // namespace

void cross_entropy(Reference&, const CrossEntropy& op) {
  with_element_type(op.logits, [&]<typename T>(T) { loss_and_gradient<T>(op); });
}

}  // namespace cloze
