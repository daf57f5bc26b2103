#pragma once

#include "engine/observe/kernel_cases/operand.h"
#include "kernels/layer_norm/layer_norm.h"

namespace cloze::kernel_cases {

// The layer-norm group: bias, dropout, residual, layer norm.
class LayerNorm {
 public:
  LayerNorm(int64_t rows, int64_t hidden, float dropout)
      : elements_(static_cast<double>(rows * hidden)),
        has_dropout_(dropout > 0),
        row_ids_(rows, 2),
        input_(rows, hidden),
        residual_(rows, hidden),
        sum_(rows, hidden),
        output_(rows, hidden),
        output_gradient_(rows, hidden),
        sum_gradient_(rows, hidden),
        input_gradient_(rows, hidden),
        bias_(1, hidden),
        gamma_(1, hidden),
        beta_(1, hidden),
        statistics_(rows, 2),
        bias_gradient_(1, hidden),
        gamma_gradient_(1, hidden),
        beta_gradient_(1, hidden),
        workspace_(1, layer_norm_backward_workspace(rows, hidden)) {
    if (has_dropout_) dropout_ = {dropout, 1, key_.tensor(), row_ids_.tensor()};
    forward();
  }

  void forward() {
    layer_norm_forward(cpu_, {input_.tensor(), bias_.tensor(), dropout_, residual_.tensor(), gamma_.tensor(),
                              beta_.tensor(), 1e-12f, sum_.tensor(), output_.tensor(), statistics_.tensor()});
  }
  void backward() {
    layer_norm_backward(
        cpu_,
        {output_gradient_.tensor(), sum_.tensor(), statistics_.tensor(), gamma_.tensor(), dropout_,
         sum_gradient_.tensor(), has_dropout_ ? input_gradient_.tensor() : Tensor{}, gamma_gradient_.tensor(),
         beta_gradient_.tensor(), bias_gradient_.tensor(), GradientMode::overwrite, workspace_.tensor()});
  }
  double forward_bytes() const { return 4 * float_bytes * elements_; }  // input, residual; sum, output
  // Gradient, sum; gradient of the sum, and of the input where there is dropout.
  double backward_bytes() const { return (has_dropout_ ? 4 : 3) * float_bytes * elements_; }

 private:
  Cpu cpu_;
  double elements_;
  bool has_dropout_;
  Dropout dropout_;
  Operand<int32_t> key_{1, 2}, row_ids_;
  Operand<float> input_, residual_, sum_, output_, output_gradient_, sum_gradient_, input_gradient_;
  Operand<float> bias_, gamma_, beta_, statistics_, bias_gradient_, gamma_gradient_, beta_gradient_,
      workspace_;
};

}  // namespace cloze::kernel_cases
