#pragma once

#include <cstdint>

#include "kernels/common/column_sum.h"
#include "kernels/common/device.h"
#include "kernels/common/dropout.h"
#include "kernels/common/tensor.h"

namespace cloze {

// output = dropout(layer_norm(word[token] + type[segment] + position[index]))
struct EmbeddingForward {
  Tensor tokens;                // i32 [rows, 1]: ids; its live rows count
  Tensor token_types;           // i32 [rows, 1]
  Tensor positions;             // i32 [rows, 1]: position in the sequence
  Tensor word, type, position;  // [vocabulary, hidden], [types, hidden], [positions, hidden]
  Tensor gamma, beta;           // [1, hidden]
  float epsilon = 1e-12f;
  Dropout dropout = {};    // of the layer norm's output
  Tensor output;           // [rows, hidden]
  Tensor statistics = {};  // [rows, 2], {mean, rstd}, or none
};

// The sums are gathered again instead of kept. Word rows are summed over runs of equal tokens in
// `token_order`, which the loader prepares, so the result does not depend on threads.
struct EmbeddingBackward {
  Tensor output_gradient;  // [rows, hidden]; its live rows count
  Tensor tokens, token_types, positions;
  Tensor token_order;  // i32 [rows, 1]: live row numbers ordered by (token, row)
  Tensor word, type, position;
  Tensor gamma;
  Dropout dropout = {};
  Tensor statistics;    // of forward
  Tensor sum_gradient;  // [rows, hidden]: scratch, gradient of the sum; may be output_gradient
  Tensor word_gradient, type_gradient, position_gradient;  // as word, type, position
  GradientMode word_mode = GradientMode::overwrite;  // of word_gradient (accumulate after the tied head's)
  Tensor gamma_gradient, beta_gradient;              // [1, hidden]
  GradientMode mode = GradientMode::overwrite;       // of all the others
  Tensor workspace;  // embedding_backward_workspace(rows, hidden, types) elements
};

constexpr int64_t embedding_backward_workspace(int64_t rows, int64_t hidden, int64_t types) {
  return (2 + types) * column_sum_workspace(rows, hidden);
}

void embedding_forward(Reference&, const EmbeddingForward&);
void embedding_forward(Cpu&, const EmbeddingForward&);
void embedding_forward(Cuda&, const EmbeddingForward&);
void embedding_backward(Reference&, const EmbeddingBackward&);
void embedding_backward(Cpu&, const EmbeddingBackward&);
void embedding_backward(Cuda&, const EmbeddingBackward&);

}  // namespace cloze
