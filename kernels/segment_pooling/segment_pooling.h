#pragma once

#include <cstdint>

#include "kernels/common/device.h"
#include "kernels/common/tensor.h"

namespace cloze {

// One row out of the rows offsets[s] … offsets[s + 1] - 1 of a segment, each column by itself: their mean, or
// the largest of them. Segments lie back to back from row 0 on; one without rows gives zeros. Sums are taken
// in the order of the rows, so nothing depends on threads.
enum class SegmentPooling : uint8_t { mean, maximum };

struct SegmentPoolForward {
  SegmentPooling pooling = SegmentPooling::mean;
  Tensor input;    // [rows, columns]
  Tensor offsets;  // i32 [1, segments + 1], ascending from 0 to the live rows
  Tensor output;   // [segments, columns]; its live rows count
  // maximum only: i32 [segments, columns], the row of the largest value counted from the segment's first, the
  // first of equals; -1 in a segment without rows. A NaN counts as larger than any number.
  Tensor places = {};
};

// mean: input_gradient[row] (=, +=) output_gradient[s] / rows of s; maximum: output_gradient[s] in the row at
// places[s], nothing in the others.
struct SegmentPoolBackward {
  SegmentPooling pooling = SegmentPooling::mean;
  Tensor output_gradient;  // [segments, columns]; its live rows count
  Tensor offsets;          // as in forward
  Tensor places = {};      // maximum only
  Tensor input_gradient;   // [rows, columns]; all rows of the live segments are written
  GradientMode mode = GradientMode::overwrite;
};

void segment_pool_forward(Reference&, const SegmentPoolForward&);
void segment_pool_forward(Cpu&, const SegmentPoolForward&);
void segment_pool_forward(Cuda&, const SegmentPoolForward&);
void segment_pool_backward(Reference&, const SegmentPoolBackward&);
void segment_pool_backward(Cpu&, const SegmentPoolBackward&);
void segment_pool_backward(Cuda&, const SegmentPoolBackward&);

}  // namespace cloze
