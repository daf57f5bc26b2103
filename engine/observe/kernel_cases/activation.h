#pragma once

#include "engine/observe/kernel_cases/operand.h"
#include "kernels/activation/activation.h"
#include "kernels/common/column_sum.h"

namespace cloze::kernel_cases {

// An activation with its bias, and with the bias gradient in backward.
class Activate {
 public:
  Activate(Activation activation, int64_t rows, int64_t columns)
      : activation_(activation),
        elements_(static_cast<double>(rows * columns)),
        input_(rows, columns),
        output_(rows, columns),
        gradient_(rows, columns),
        bias_(1, columns),
        bias_gradient_(1, columns),
        workspace_(1, column_sum_workspace(rows, columns)) {}

  void forward() {
    activation_forward(cpu_, {activation_, input_.tensor(), bias_.tensor(), output_.tensor()});
  }
  void backward() {
    activation_backward(cpu_,
                        {activation_, input_.tensor(), bias_.tensor(), gradient_.tensor(), output_.tensor(),
                         bias_gradient_.tensor(), GradientMode::overwrite, workspace_.tensor()});
  }
  double forward_bytes() const { return 2 * float_bytes * elements_; }
  double backward_bytes() const { return 3 * float_bytes * elements_; }

 private:
  Cpu cpu_;
  Activation activation_;
  double elements_;
  Operand<float> input_, output_, gradient_, bias_, bias_gradient_, workspace_;
};

}  // namespace cloze::kernel_cases
