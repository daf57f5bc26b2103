#pragma once

#include <algorithm>
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

}  // namespace cloze
