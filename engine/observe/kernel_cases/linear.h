#pragma once

#include "engine/observe/kernel_cases/operand.h"
#include "kernels/linear/linear.h"

namespace cloze::kernel_cases {

// A dense layer from `in` to `out` over `rows` rows.
class Linear {
 public:
  Linear(int64_t rows, int64_t out, int64_t in)
      : rows_(rows),
        out_(out),
        in_(in),
        input_(rows, in),
        weight_(out, in),
        bias_(1, out),
        output_(rows, out) {}

  void forward() {
    linear_forward(cpu_, {input_.tensor(), weight_.tensor(), bias_.tensor(), output_.tensor()});
  }
  void input_gradient() {
    linear_input_gradient(cpu_,
                          {output_.tensor(), weight_.tensor(), input_.tensor(), GradientMode::overwrite});
  }
  void weight_gradient() {
    linear_weight_gradient(cpu_,
                           {output_.tensor(), input_.tensor(), weight_.tensor(), GradientMode::overwrite});
  }
  double flops() const {
    return 2.0 * static_cast<double>(rows_) * static_cast<double>(out_) * static_cast<double>(in_);
  }

 private:
  Cpu cpu_;
  int64_t rows_, out_, in_;
  Operand<float> input_, weight_, bias_, output_;
};

}  // namespace cloze::kernel_cases
