#pragma once

#include <algorithm>
#include <numeric>

#include "engine/observe/kernel_cases/operand.h"
#include "kernels/embedding/embedding.h"

namespace cloze::kernel_cases {

// Tokens in sequences of 128, words drawn evenly; dropout 0.1.
class Embedding {
 public:
  static constexpr int64_t types = 2, positions = 512, sequence = 128;

  Embedding(int64_t rows, int64_t hidden, int64_t vocabulary)
      : elements_(static_cast<double>(rows * hidden)),
        tokens_(rows, 1),
        token_types_(rows, 1),
        token_positions_(rows, 1),
        order_(rows, 1),
        row_ids_(rows, 2),
        word_(vocabulary, hidden),
        type_(types, hidden),
        position_(positions, hidden),
        gamma_(1, hidden),
        beta_(1, hidden),
        output_(rows, hidden),
        statistics_(rows, 2),
        workspace_(1, embedding_backward_workspace(rows, hidden, types)),
        word_gradient_(vocabulary, hidden),
        type_gradient_(types, hidden),
        position_gradient_(positions, hidden),
        gamma_gradient_(1, hidden),
        beta_gradient_(1, hidden),
        sum_gradient_(rows, hidden) {
    for (int64_t row = 0; row < rows; ++row) {
      const uint32_t bits = philox({static_cast<uint32_t>(row), 0, 0, 0}, {3, 4}).word0;
      tokens_.data()[row] = static_cast<int32_t>(scale_to(bits, static_cast<uint32_t>(vocabulary)));
      token_types_.data()[row] = static_cast<int32_t>(row % sequence / (sequence / 2));
      token_positions_.data()[row] = static_cast<int32_t>(row % sequence);
      row_ids_.data()[2 * row] = static_cast<int32_t>(row / sequence);
      row_ids_.data()[2 * row + 1] = static_cast<int32_t>(row % sequence);
    }
    std::iota(order_.data(), order_.data() + rows, 0);
    std::stable_sort(order_.data(), order_.data() + rows,
                     [this](int32_t a, int32_t b) { return tokens_.data()[a] < tokens_.data()[b]; });
    forward();
  }

  void forward() {
    embedding_forward(cpu_, {.tokens = tokens_.tensor(),
                             .token_types = token_types_.tensor(),
                             .positions = token_positions_.tensor(),
                             .word = word_.tensor(),
                             .type = type_.tensor(),
                             .position = position_.tensor(),
                             .gamma = gamma_.tensor(),
                             .beta = beta_.tensor(),
                             .dropout = dropout(),
                             .output = output_.tensor(),
                             .statistics = statistics_.tensor()});
  }
  void backward() {
    embedding_backward(cpu_, {.output_gradient = output_.tensor(),
                              .tokens = tokens_.tensor(),
                              .token_types = token_types_.tensor(),
                              .positions = token_positions_.tensor(),
                              .token_order = order_.tensor(),
                              .word = word_.tensor(),
                              .type = type_.tensor(),
                              .position = position_.tensor(),
                              .gamma = gamma_.tensor(),
                              .dropout = dropout(),
                              .statistics = statistics_.tensor(),
                              .sum_gradient = sum_gradient_.tensor(),
                              .word_gradient = word_gradient_.tensor(),
                              .type_gradient = type_gradient_.tensor(),
                              .position_gradient = position_gradient_.tensor(),
                              .word_mode = GradientMode::accumulate,
                              .gamma_gradient = gamma_gradient_.tensor(),
                              .beta_gradient = beta_gradient_.tensor(),
                              .workspace = workspace_.tensor()});
  }
  double forward_bytes() const { return 2 * float_bytes * elements_; }   // a word row in, a row out
  double backward_bytes() const { return 5 * float_bytes * elements_; }  // gradient, word; sum; word gradient

 private:
  Dropout dropout() { return {0.1f, 1, key_.tensor(), row_ids_.tensor()}; }

  Cpu cpu_;
  double elements_;
  Operand<int32_t> tokens_, token_types_, token_positions_, order_, row_ids_, key_{1, 2};
  Operand<float> word_, type_, position_, gamma_, beta_, output_, statistics_, workspace_;
  Operand<float> word_gradient_, type_gradient_, position_gradient_, gamma_gradient_, beta_gradient_,
      sum_gradient_;
};

}  // namespace cloze::kernel_cases
