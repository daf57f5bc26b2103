#pragma once

#include "kernels/common/cuda.h"
#include "kernels/embedding/embedding.h"

namespace cloze {

// From op.sum_gradient, after it is written: the gradients of the word and position tables, each row a sum in
// a fixed order.
void add_word_rows(Cuda& device, const EmbeddingBackward& op);
void add_position_rows(Cuda& device, const EmbeddingBackward& op);

}  // namespace cloze
