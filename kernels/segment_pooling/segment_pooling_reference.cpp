#include <cmath>

#include "kernels/common/reference.h"
#include "kernels/segment_pooling/segment_pooling.h"

namespace cloze {
namespace {

// One column of one segment.
template <typename T>
void mean_of(const SegmentPoolForward& op, int64_t segment, int64_t column) {
  const int32_t* offsets = op.offsets.as<int32_t>();
  T sum = 0;
  for (int64_t row = offsets[segment]; row < offsets[segment + 1]; ++row) sum += op.input.row<T>(row)[column];
  const int32_t rows = offsets[segment + 1] - offsets[segment];
  op.output.row<T>(segment)[column] = rows > 0 ? sum / static_cast<T>(rows) : T(0);
}

template <typename T>
void maximum_of(const SegmentPoolForward& op, int64_t segment, int64_t column) {
  const int32_t* offsets = op.offsets.as<int32_t>();
  T best = 0;
  int32_t place = -1;
  for (int32_t row = offsets[segment]; row < offsets[segment + 1]; ++row) {
    const T value = op.input.row<T>(row)[column];
    if (place >= 0 && !(value > best) && !(std::isnan(value) && !std::isnan(best))) continue;
    best = value;
    place = row - offsets[segment];
  }
  op.output.row<T>(segment)[column] = best;
  op.places.row<int32_t>(segment)[column] = place;
}

// What the segment's gradient gives one element of the input.
template <typename T>
T gradient_of(const SegmentPoolBackward& op, int64_t segment, int32_t row, int64_t column) {
  const int32_t* offsets = op.offsets.as<int32_t>();
  const T gradient = op.output_gradient.row<T>(segment)[column];
  if (op.pooling == SegmentPooling::mean) {
    return gradient / static_cast<T>(offsets[segment + 1] - offsets[segment]);
  }
  return op.places.row<int32_t>(segment)[column] == row - offsets[segment] ? gradient : T(0);
}

}  // namespace

void segment_pool_forward(Reference&, const SegmentPoolForward& op) {
  with_element_type(op.output, [&]<typename T>(T) {
    for (int64_t segment = 0; segment < op.output.live_rows(); ++segment) {
      for (int64_t column = 0; column < op.output.columns; ++column) {
        op.pooling == SegmentPooling::mean ? mean_of<T>(op, segment, column)
                                           : maximum_of<T>(op, segment, column);
      }
    }
  });
}

void segment_pool_backward(Reference&, const SegmentPoolBackward& op) {
  const int32_t* offsets = op.offsets.as<int32_t>();
  with_element_type(op.output_gradient, [&]<typename T>(T) {
    for (int64_t segment = 0; segment < op.output_gradient.live_rows(); ++segment) {
      for (int32_t row = offsets[segment]; row < offsets[segment + 1]; ++row) {
        T* target = op.input_gradient.row<T>(row);
        for (int64_t column = 0; column < op.output_gradient.columns; ++column) {
          const T base = op.mode == GradientMode::accumulate ? target[column] : T(0);
          target[column] = base + gradient_of<T>(op, segment, row, column);
        }
      }
    }
  });
}

}  // namespace cloze
