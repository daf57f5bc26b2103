#include <cassert>

#include "kernels/common/reference.h"
#include "kernels/rows/rows.h"

namespace cloze {
namespace {

// body(T{}) for the element types that rows may have.
template <typename Body>
void with_row_type(const Tensor& tensor, Body body) {
  if (tensor.dtype == DType::i32)
    body(int32_t{});
  else
    with_element_type(tensor, body);
}

}  // namespace

void gather_rows(Reference&, const GatherRows& op) {
  assert(op.input.dtype == op.output.dtype);
  with_row_type(op.output, [&]<typename T>(T) {
    for (int64_t row = 0; row < op.index.live_rows(); ++row)
      for (int64_t column = 0; column < op.input.columns; ++column)
        op.output.row<T>(row)[column] = op.input.row<T>(*op.index.row<int32_t>(row))[column];
  });
}

void scatter_rows(Reference&, const ScatterRows& op) {
  assert(op.input.dtype == op.output.dtype);
  with_row_type(op.output, [&]<typename T>(T) {
    if (op.mode == GradientMode::overwrite)
      for (int64_t row = 0; row < op.output.live_rows(); ++row)
        for (int64_t column = 0; column < op.output.columns; ++column) op.output.row<T>(row)[column] = 0;
    for (int64_t row = 0; row < op.index.live_rows(); ++row)
      for (int64_t column = 0; column < op.input.columns; ++column)
        op.output.row<T>(*op.index.row<int32_t>(row))[column] += op.input.row<T>(row)[column];
  });
}

}  // namespace cloze
