#include "kernels/cross_entropy/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/common/reference.h"

namespace cloze {
namespace {

// gradient = scale (softmax(logits) - onehot(label)); zero from `classes` on and without a label.
template <typename T>
void cross_entropy_gradient(const CrossEntropy& op, int64_t row, int32_t label, T log_sum_exp) {
  const T* logits = op.logits.row<T>(row);
  T* gradient = op.gradient.row<T>(row);
  const T scale = *op.scale.as<T>();
  for (int64_t c = 0; c < op.logits.columns; ++c) {
    if (label < 0 || c >= op.classes) {
      gradient[c] = 0;
    } else {
      gradient[c] = scale * (std::exp(logits[c] - log_sum_exp) - (c == label ? T(1) : T(0)));
    }
  }
}

template <typename T>
void loss_and_gradient(const CrossEntropy& op) {
  T loss = 0;
  for (int64_t row = 0; row < op.logits.live_rows(); ++row) {
    const T* logits = op.logits.row<T>(row);
    const int32_t label = *op.labels.row<int32_t>(row);
    const T* highest = std::max_element(logits, logits + op.classes);  // the first of equals
    T sum = 0;
    for (int64_t c = 0; c < op.classes; ++c) sum += std::exp(logits[c] - *highest);
    const T log_sum_exp = *highest + std::log(sum);
    const T row_loss = label < 0 ? T(0) : log_sum_exp - logits[label];
    *op.row_loss.row<T>(row) = row_loss;
    *op.row_correct.row<int32_t>(row) = highest - logits == label ? 1 : 0;
    loss += row_loss;
    if (op.gradient) cross_entropy_gradient(op, row, label, log_sum_exp);
  }
  *op.loss.as<T>() = *op.scale.as<T>() * loss;
}

}  // namespace

void cross_entropy(Reference&, const CrossEntropy& op) {
  with_element_type(op.logits, [&]<typename T>(T) { loss_and_gradient<T>(op); });
}

}  // namespace cloze
