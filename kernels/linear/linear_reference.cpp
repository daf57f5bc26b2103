#include "kernels/common/reference.h"
#include "kernels/linear/linear.h"
#include "kernels/linear/linear_parts.h"

namespace cloze {
namespace {

// What is already there counts in accumulate mode.
template <typename T>
T start(GradientMode mode, T present) {
  return mode == GradientMode::accumulate ? present : T{0};
}

}  // namespace

void linear_forward(Reference&, const LinearForward& op) {
  with_element_type(op.output, [&]<typename T>(T) {
    for (int64_t row = 0; row < op.input.live_rows(); ++row)
      for (int64_t out = 0; out < op.weight.rows; ++out) {
        T sum = op.bias ? op.bias.as<T>()[out] : T{0};
        for (int64_t in = 0; in < op.weight.columns; ++in)
          sum += op.input.row<T>(row)[in] * op.weight.row<T>(out)[in];
        op.output.row<T>(row)[out] = sum;
      }
  });
}

void linear_input_gradient(Reference&, const LinearInputGradient& op) {
  with_element_type(op.input_gradient, [&]<typename T>(T) {
    for (int64_t row = 0; row < op.output_gradient.live_rows(); ++row)
      for (int64_t in = 0; in < op.weight.columns; ++in) {
        T& gradient = op.input_gradient.row<T>(row)[in];
        T sum = start(op.mode, gradient);
        for (int64_t out = 0; out < op.weight.rows; ++out)
          sum += op.output_gradient.row<T>(row)[out] * op.weight.row<T>(out)[in];
        gradient = sum;
      }
  });
}

void linear_weight_gradient(Reference& device, const LinearWeightGradient& op) {
  with_element_type(op.weight_gradient, [&]<typename T>(T) {
    for (int64_t out = 0; out < op.weight_gradient.rows; ++out)
      for (int64_t in = 0; in < op.weight_gradient.columns; ++in) {
        T& gradient = op.weight_gradient.row<T>(out)[in];
        T sum = start(op.mode, gradient);
        for (int64_t row = 0; row < op.output_gradient.live_rows(); ++row)
          sum += op.output_gradient.row<T>(row)[out] * op.input.row<T>(row)[in];
        gradient = sum;
      }
  });
  bias_gradient_alone(device, op);
}

}  // namespace cloze
