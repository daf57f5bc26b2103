#include "kernels/common/reference.h"
#include "kernels/linear/scaled_product.h"

namespace cloze {
namespace {

float value_at(const Tensor& tensor, int64_t row, int64_t column) {
  return tensor.dtype == DType::f8_e5m2 ? to_float(tensor.row<Float8E5M2>(row)[column])
                                        : to_float(tensor.row<Float8E4M3>(row)[column]);
}

}  // namespace

void scaled_product(Reference&, const ScaledProduct& op) {
  with_element_type(op.output, [&]<typename T>(T) {
    const T scale = *op.left_inverse.as<T>() * *op.right_inverse.as<T>();
    for (int64_t row = 0; row < op.left.live_rows(); ++row)
      for (int64_t column = 0; column < op.right.rows; ++column) {
        T sum = 0;
        for (int64_t k = 0; k < op.left.columns; ++k)
          sum += static_cast<T>(value_at(op.left, row, k)) * static_cast<T>(value_at(op.right, column, k));
        T& output = op.output.row<T>(row)[column];
        const T start = op.mode == GradientMode::accumulate ? output
                        : op.bias                           ? op.bias.as<T>()[column]
                                                            : T{0};
        output = start + sum * scale;
      }
  });
}

}  // namespace cloze
