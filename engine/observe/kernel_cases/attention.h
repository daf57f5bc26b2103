#pragma once

#include <cmath>
#include <vector>

#include "engine/observe/kernel_cases/operand.h"
#include "kernels/attention/attention.h"

namespace cloze::kernel_cases {

// Self-attention over `tokens` packed tokens in sequences of `length`, which divides them.
class Attention {
 public:
  Attention(int64_t heads, int64_t head_size, int64_t tokens, int64_t length, float dropout)
      : shape_{heads, head_size, static_cast<float>(1 / std::sqrt(static_cast<double>(head_size)))},
        hidden_(heads * head_size),
        tokens_(tokens),
        length_(length),
        dropout_(dropout),
        projections_(tokens, 3 * hidden_),
        gradients_(tokens, 3 * hidden_),
        output_(tokens, hidden_),
        output_gradient_(tokens, hidden_),
        log_sum_exp_(tokens, heads),
        row_ids_(tokens, 2) {
    for (int64_t first = 0; first <= tokens; first += length) offsets_.push_back(static_cast<int32_t>(first));
    for (int64_t i = 0; i < tokens; ++i) {
      row_ids_.data()[2 * i] = static_cast<int32_t>(i / length);
      row_ids_.data()[2 * i + 1] = static_cast<int32_t>(i % length);
    }
    forward();
  }

  void forward() {
    attention_forward(cpu_, {shape_, part(projections_, 0), part(projections_, 1), part(projections_, 2),
                             offsets(), offsets(), dropout(), output_.tensor(), log_sum_exp_.tensor()});
  }
  void backward() {
    attention_backward(
        cpu_, {shape_, part(projections_, 0), part(projections_, 1), part(projections_, 2), offsets(),
               offsets(), dropout(), output_.tensor(), log_sum_exp_.tensor(), output_gradient_.tensor(),
               part(gradients_, 0), part(gradients_, 1), part(gradients_, 2)});
  }
  // Of the matrix products only: two forward, five backward.
  double forward_flops() const { return 2 * product_flops(); }
  double backward_flops() const { return 5 * product_flops(); }

 private:
  double product_flops() const {
    return 2.0 * static_cast<double>(tokens_) * static_cast<double>(length_) * static_cast<double>(hidden_);
  }
  // Query, key or value of the stacked projections [tokens, 3 * hidden].
  Tensor part(Operand<float>& stacked, int64_t index) { return stacked.columns(index * hidden_, hidden_); }
  Tensor offsets() {
    const auto count = static_cast<int64_t>(offsets_.size());
    return {offsets_.data(), DType::i32, 1, count, count};
  }
  Dropout dropout() {
    if (dropout_ <= 0) return {};
    return {dropout_, 1, key_.tensor(), row_ids_.tensor()};
  }

  Cpu cpu_;
  AttentionShape shape_;
  int64_t hidden_, tokens_, length_;
  float dropout_;
  std::vector<int32_t> offsets_;
  Operand<float> projections_, gradients_, output_, output_gradient_, log_sum_exp_;
  Operand<int32_t> key_{1, 2}, row_ids_;
};

}  // namespace cloze::kernel_cases
