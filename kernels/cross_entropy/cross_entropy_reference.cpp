#include "kernels/cross_entropy/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

// Loops in the arithmetic T of the tensors: double, or plain float32, the yardstick of the tests.
namespace cloze {
namespace {

// gradient = scale (softmax(logits) - onehot(label)); zero from `classes` on and without a label.
template <typename T>
void cross_entropy_gradient(const CrossEntropy& call, int64_t row, int32_t label, T log_sum_exp) {
  const T* logits = call.logits.row<T>(row);
  T* gradient = call.gradient.row<T>(row);
  const T scale = *call.scale.as<T>();
  for (int64_t c = 0; c < call.logits.columns; ++c) {
    if (label < 0 || c >= call.classes) {
      gradient[c] = 0;
    } else {
      gradient[c] = scale * (std::exp(logits[c] - log_sum_exp) - (c == label ? T(1) : T(0)));
    }
  }
}

template <typename T>
void loss_and_gradient(const CrossEntropy& call) {
  T loss = 0;
  for (int64_t row = 0; row < call.logits.live_rows(); ++row) {
    const T* logits = call.logits.row<T>(row);
    const int32_t label = *call.labels.row<int32_t>(row);
    const T* highest = std::max_element(logits, logits + call.classes);  // the first of equals
    T sum = 0;
    for (int64_t c = 0; c < call.classes; ++c) sum += std::exp(logits[c] - *highest);
    const T log_sum_exp = *highest + std::log(sum);
    const T row_loss = label < 0 ? T(0) : log_sum_exp - logits[label];
    *call.row_loss.row<T>(row) = row_loss;
    *call.row_correct.row<int32_t>(row) = highest - logits == label ? 1 : 0;
    loss += row_loss;
    if (call.gradient) cross_entropy_gradient(call, row, label, log_sum_exp);
  }
  *call.loss.as<T>() = *call.scale.as<T>() * loss;
}

}  // namespace

void cross_entropy(Reference&, const CrossEntropy& call) {
  call.logits.dtype == DType::f64 ? loss_and_gradient<double>(call) : loss_and_gradient<float>(call);
}

}  // namespace cloze
