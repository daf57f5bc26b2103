#pragma once

#include <cstdint>

#include "kernels/common/device.h"
#include "kernels/common/tensor.h"

namespace cloze {

// Softmax cross-entropy with its gradient in one pass over the logits:
//   row_loss[i] = -log softmax(logits[i])[label[i]],  loss = scale · Σ row_loss,
//   gradient[i] = scale · (softmax(logits[i]) - onehot(label[i])).
// Columns from `classes` on are padding of the vocabulary: they count as -inf and get a zero gradient.
// A label of -1 means no label: loss 0, zero gradient, not correct.
//
// With label smoothing s (Szegedy et al. 2016, 7) the one-hot target becomes (1 - s) onehot + s / classes,
// and with weights the loss and gradient of a row are multiplied by its weight (that of its class, say; the
// caller puts the sum of weights into `scale`).
struct CrossEntropy {
  Tensor logits;        // [rows, padded classes]; its live rows count
  Tensor labels;        // i32 [rows, 1]
  int64_t classes = 0;  // <= logits.columns
  Tensor scale;        // f32 (f64 on the reference) [1, 1]: 1 / global number of labelled rows (BERT: + 1e-5)
  Tensor loss;         // f32 (f64) [1, 1]: summed in a fixed order
  Tensor row_loss;     // f32 (f64) [rows, 1]
  Tensor row_correct;  // i32 [rows, 1]: 1 where the label has the highest logit (the first of equals)
  Tensor gradient = {};  // [rows, padded classes], or none (evaluation); may be the same memory as logits
  float smoothing = 0;   // in [0, 1)
  Tensor weights = {};   // f32 (f64) [rows, 1], or none: all 1
};

void cross_entropy(Reference&, const CrossEntropy&);
void cross_entropy(Cpu&, const CrossEntropy&);
void cross_entropy(Cuda&, const CrossEntropy&);

}  // namespace cloze
