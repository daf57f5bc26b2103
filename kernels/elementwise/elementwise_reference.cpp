#include "kernels/common/cast_rows.h"
#include "kernels/common/reference.h"
#include "kernels/elementwise/elementwise.h"

namespace cloze {
namespace {

// output[row, column] = value(row, column) over live rows
template <typename T, typename Value>
void for_each_element(const Tensor& input, const Tensor& output, Value value) {
  for (int64_t row = 0; row < input.live_rows(); ++row)
    for (int64_t column = 0; column < input.columns; ++column)
      output.row<T>(row)[column] = value(row, column);
}

}  // namespace

void add(Reference&, const Add& op) {
  with_element_type(op.output, [&]<typename T>(T) {
    for_each_element<T>(op.left, op.output, [&](int64_t row, int64_t column) {
      return op.left.row<T>(row)[column] + op.right.row<T>(row)[column];
    });
  });
}

void add_bias(Reference&, const AddBias& op) {
  with_element_type(op.output, [&]<typename T>(T) {
    for_each_element<T>(op.input, op.output, [&](int64_t row, int64_t column) {
      return op.input.row<T>(row)[column] + op.bias.as<T>()[column];
    });
  });
}

void cast(Reference&, const Cast& op) {
  cast_rows(op.input, op.output, 0, op.input.live_rows());
}

void dropout_apply(Reference&, const DropoutApply& op) {
  with_element_type(op.output, [&]<typename T>(T) {
    for_each_element<T>(op.input, op.output, [&](int64_t row, int64_t column) {
      return op.input.row<T>(row)[column] * static_cast<T>(dropout_multiplier(op.dropout, row, column));
    });
  });
}

void column_sum(Reference&, const ColumnSum& op) {
  with_element_type(op.sums, [&]<typename T>(T) {
    for (int64_t column = 0; column < op.input.columns; ++column) {
      T sum = op.mode == GradientMode::accumulate ? op.sums.as<T>()[column] : T{0};
      for (int64_t row = 0; row < op.input.live_rows(); ++row) sum += op.input.row<T>(row)[column];
      op.sums.as<T>()[column] = sum;
    }
  });
}

}  // namespace cloze
