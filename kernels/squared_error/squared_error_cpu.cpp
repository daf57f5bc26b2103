#include "kernels/squared_error/squared_error.h"

namespace cloze {

// A number a sequence: not worth a second thread.
void squared_error(Cpu&, const SquaredError& op) {
  double sum = 0;
  const double scale = *op.scale.as<float>();
  for (int64_t row = 0; row < op.x.live_rows(); ++row) {
    const double difference = double{*op.x.row<float>(row)} - double{*op.targets.row<float>(row)};
    *op.row_loss.row<float>(row) = static_cast<float>(difference * difference);
    sum += difference * difference;
    if (op.gradient) *op.gradient.row<float>(row) = static_cast<float>(2 * scale * difference);
  }
  *op.loss.as<float>() = static_cast<float>(scale * sum);
}

}  // namespace cloze
