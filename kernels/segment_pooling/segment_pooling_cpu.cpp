#include <algorithm>

#include "kernels/common/parallel.h"
#include "kernels/segment_pooling/segment_pooling.h"

// Memory-bound: loops over columns that the compiler vectorises; a segment belongs to one thread.
namespace cloze {
namespace {

struct Segment {
  int64_t index;
  int32_t first, rows;
};

template <typename Body>
void for_each_segment(const Tensor& offsets, int64_t segments, const Body& body) {
  const int32_t* begins = offsets.as<int32_t>();
  parallel_for(0, segments, 1, [&](int64_t first, int64_t last) {
    for (int64_t s = first; s < last; ++s) body(Segment{s, begins[s], begins[s + 1] - begins[s]});
  });
}

void mean_of(const SegmentPoolForward& op, const Segment& segment) {
  float* output = op.output.row<float>(segment.index);
  const int64_t columns = op.output.columns;
  std::fill(output, output + columns, 0.0f);
  for (int32_t row = 0; row < segment.rows; ++row) {
    const float* input = op.input.row<float>(segment.first + row);
    for (int64_t column = 0; column < columns; ++column) output[column] += input[column];
  }
  const float share = 1.0f / static_cast<float>(std::max(segment.rows, 1));
  for (int64_t column = 0; column < columns; ++column) output[column] *= share;
}

void maximum_of(const SegmentPoolForward& op, const Segment& segment) {
  float* output = op.output.row<float>(segment.index);
  int32_t* places = op.places.row<int32_t>(segment.index);
  const int64_t columns = op.output.columns;
  if (segment.rows == 0) std::fill(output, output + columns, 0.0f);
  std::fill(places, places + columns, segment.rows == 0 ? -1 : 0);
  for (int32_t row = 0; row < segment.rows; ++row) {
    const float* input = op.input.row<float>(segment.first + row);
    for (int64_t column = 0; column < columns; ++column) {
      const float value = input[column], best = output[column];
      const bool not_a_number = value != value && best == best;
      const bool larger = row == 0 || value > best || not_a_number;
      output[column] = larger ? value : best;
      places[column] = larger ? row : places[column];
    }
  }
}

// target (=, +=) what `value_of` gives for each column.
template <typename ValueOf>
void write_row(float* target, int64_t columns, GradientMode mode, const ValueOf& value_of) {
  if (mode == GradientMode::accumulate) {
    for (int64_t column = 0; column < columns; ++column) target[column] += value_of(column);
  } else {
    for (int64_t column = 0; column < columns; ++column) target[column] = value_of(column);
  }
}

void spread(const SegmentPoolBackward& op, const Segment& segment) {
  const float* gradient = op.output_gradient.row<float>(segment.index);
  const float share = 1.0f / static_cast<float>(std::max(segment.rows, 1));
  const int32_t* places =
      op.pooling == SegmentPooling::maximum ? op.places.row<int32_t>(segment.index) : nullptr;
  for (int32_t row = 0; row < segment.rows; ++row) {
    float* target = op.input_gradient.row<float>(segment.first + row);
    const int64_t columns = op.output_gradient.columns;
    if (places == nullptr) {
      write_row(target, columns, op.mode, [&](int64_t column) { return gradient[column] * share; });
    } else {
      write_row(target, columns, op.mode,
                [&](int64_t column) { return places[column] == row ? gradient[column] : 0.0f; });
    }
  }
}

}  // namespace

void segment_pool_forward(Cpu&, const SegmentPoolForward& op) {
  for_each_segment(op.offsets, op.output.live_rows(), [&](const Segment& segment) {
    op.pooling == SegmentPooling::mean ? mean_of(op, segment) : maximum_of(op, segment);
  });
}

void segment_pool_backward(Cpu&, const SegmentPoolBackward& op) {
  for_each_segment(op.offsets, op.output_gradient.live_rows(),
                   [&](const Segment& segment) { spread(op, segment); });
}

}  // namespace cloze
