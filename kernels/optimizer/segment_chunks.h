#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "kernels/optimizer/optimizer.h"

namespace cloze {

// The work of an optimizer step: every segment is cut into chunks of gradient_norm_chunk elements, numbered
// through.
inline int64_t segment_chunks(const ParameterSegment& segment) {
  return (segment.end - segment.begin + gradient_norm_chunk - 1) / gradient_norm_chunk;
}

inline int64_t count_chunks(std::span<const ParameterSegment> segments) {
  int64_t count = 0;
  for (const ParameterSegment& segment : segments) count += segment_chunks(segment);
  return count;
}

// body(segment index, chunk, begin, end) for the chunks [first, last); begin and end are elements.
template <typename Body>
void for_each_chunk(std::span<const ParameterSegment> segments, int64_t first, int64_t last,
                    const Body& body) {
  int64_t segment_first = 0;  // the first chunk of the segment
  for (size_t index = 0; index < segments.size() && segment_first < last; ++index) {
    const ParameterSegment& segment = segments[index];
    const int64_t segment_last = segment_first + segment_chunks(segment);
    for (int64_t chunk = std::max(first, segment_first); chunk < std::min(last, segment_last); ++chunk) {
      const int64_t begin = segment.begin + (chunk - segment_first) * gradient_norm_chunk;
      body(index, chunk, begin, std::min(segment.end, begin + gradient_norm_chunk));
    }
    segment_first = segment_last;
  }
}

// |w| / |u| of a segment, or 1 where it does not adapt: from square_sums of lamb_moments, its rows added in
// order.
inline double trust_ratio(const Tensor& square_sums, int64_t segment) {
  double parameter_squares = 0, update_squares = 0;
  for (int64_t row = 0; row < square_sums.rows; ++row) {
    const double* sums = square_sums.row<double>(row) + 2 * segment;
    parameter_squares += sums[0];
    update_squares += sums[1];
  }
  const bool both = parameter_squares > 0 && update_squares > 0;
  return both ? std::sqrt(parameter_squares / update_squares) : 1.0;
}

// Where lamb() keeps square_sums: the first elements of its workspace.
inline Tensor own_square_sums(const Lamb& op) {
  const auto count = static_cast<int64_t>(2 * op.segments.size());
  return {.data = op.workspace.data, .dtype = DType::f64, .rows = 1, .columns = count, .stride = count};
}

inline bool adapts(const ParameterSegment& segment) {
  return segment.weight_decay != 0 && segment.learning_rate_scale != 0;
}

}  // namespace cloze
