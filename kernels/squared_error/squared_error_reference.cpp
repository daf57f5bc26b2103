#include "kernels/common/reference.h"
#include "kernels/squared_error/squared_error.h"

namespace cloze {

void squared_error(Reference&, const SquaredError& op) {
  with_element_type(op.x, [&]<typename T>(T) {
    T sum = 0;
    const T scale = *op.scale.as<T>();
    for (int64_t row = 0; row < op.x.live_rows(); ++row) {
      const T difference = *op.x.row<T>(row) - *op.targets.row<T>(row);
      *op.row_loss.row<T>(row) = difference * difference;
      sum += difference * difference;
      if (op.gradient) *op.gradient.row<T>(row) = 2 * scale * difference;
    }
    *op.loss.as<T>() = scale * sum;
  });
}

}  // namespace cloze
