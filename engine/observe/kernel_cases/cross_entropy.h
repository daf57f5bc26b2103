#pragma once

#include "engine/observe/kernel_cases/operand.h"
#include "kernels/cross_entropy/cross_entropy.h"

namespace cloze::kernel_cases {

// The masked-LM loss, its gradient in place of the logits; columns beyond `classes` are padding.
class CrossEntropyLoss {
 public:
  CrossEntropyLoss(int64_t rows, int64_t classes, int64_t columns)
      : classes_(classes),
        elements_(static_cast<double>(rows * columns)),
        logits_(rows, columns),
        row_loss_(rows, 1),
        labels_(rows, 1),
        correct_(rows, 1) {
    for (int64_t row = 0; row < rows; ++row) labels_.data()[row] = static_cast<int32_t>(row * 59 % classes);
  }
  void run() {
    cross_entropy(cpu_, {logits_.tensor(), labels_.tensor(), classes_, scale_.tensor(), loss_.tensor(),
                         row_loss_.tensor(), correct_.tensor(), logits_.tensor()});
  }
  double bytes() const { return 3 * float_bytes * elements_; }  // read for the sum; read and written

 private:
  Cpu cpu_;
  int64_t classes_;
  double elements_;
  Operand<float> logits_, scale_{1, 1}, loss_{1, 1}, row_loss_;
  Operand<int32_t> labels_, correct_;
};

}  // namespace cloze::kernel_cases
