#pragma once

#include <cstdint>
#include <span>

#include "kernels/optimizer/optimizer.h"
#include "kernels/optimizer/segment_chunks.h"

namespace cloze {

// Segments go to a kernel as its argument, so many at a time: no table in device memory has to be kept.
struct SegmentTable {
  static constexpr int most = 112;  // below the 4 KiB that every driver takes as arguments
  struct Entry {
    int64_t begin, end;   // elements
    int32_t first_chunk;  // of this table
    float weight_decay, learning_rate_scale;
  };
  Entry entries[most];
  int32_t count = 0;          // of segments
  int32_t chunks = 0;         // of all of them
  int32_t first_segment = 0;  // which of the optimizer's segments entries[0] is
  int64_t first_chunk = 0;    // how many chunks lie before it
};

// body(table) for all segments, in order; a table of empty segments only has no chunks.
template <typename Body>
void for_each_segment_table(std::span<const ParameterSegment> segments, const Body& body) {
  SegmentTable table;
  const auto flush = [&] {
    if (table.count > 0) body(table);
    table.first_segment += table.count;
    table.first_chunk += table.chunks;
    table.count = table.chunks = 0;
  };
  for (const ParameterSegment& segment : segments) {
    table.entries[table.count++] = {segment.begin, segment.end, table.chunks, segment.weight_decay,
                                    segment.learning_rate_scale};
    table.chunks += static_cast<int32_t>(segment_chunks(segment));
    if (table.count == SegmentTable::most) flush();
  }
  flush();
}

}  // namespace cloze
