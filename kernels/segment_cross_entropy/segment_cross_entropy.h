#pragma once

#include <cstdint>

#include "kernels/common/device.h"
#include "kernels/common/tensor.h"

namespace cloze {

// Softmax cross-entropy over the rows of a segment, each column by itself. The start and the end of an answer
// are two columns over the tokens of a sequence (Devlin et al. 2019, 4.2), the choice between endings is one
// column over the sequences of a question (4.4). With p = softmax of column c over rows offsets[s] …
// offsets[s + 1] - 1:
//   row_loss[s, c] = -log p[label[s, c]],  loss = scale · Σ row_loss,
//   gradient[row, c] = scale · (p[row] - [row is the label]).
// A label of -1 means no label: loss 0, zero gradient, not correct. Segments lie back to back from row 0 on.
struct SegmentCrossEntropy {
  Tensor logits;    // [rows, columns]
  Tensor offsets;   // i32 [1, segments + 1], ascending from 0 to the live rows
  Tensor labels;    // i32 [segments, columns]: rows counted from the segment's first; its live rows count
  Tensor scale;     // f32 (f64 on the reference) [1, 1]: 1 / global number of labels
  Tensor loss;      // f32 (f64) [1, 1]: summed in a fixed order
  Tensor row_loss;  // f32 (f64) [segments, columns]
  Tensor
      row_correct;  // i32 [segments, columns]: 1 where the label has the highest logit (the first of equals)
  Tensor gradient = {};  // [rows, columns], or none (evaluation); may be the same memory as logits
};

void segment_cross_entropy(Reference&, const SegmentCrossEntropy&);
void segment_cross_entropy(Cpu&, const SegmentCrossEntropy&);
void segment_cross_entropy(Cuda&, const SegmentCrossEntropy&);

}  // namespace cloze
