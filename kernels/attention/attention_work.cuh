#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/attention/attention.h"

// Which rows a block works on. Lengths are known on the device only, so a grid is made for the most tiles
// there can be, and blocks without work leave.
namespace cloze {

struct SequenceRows {
  int first_query, queries;
  int first_key, keys;
};

__device__ inline int device_sequences(const Tensor& offsets) {
  return static_cast<int>(offsets.live != nullptr ? *offsets.live : offsets.columns - 1);
}

__device__ inline SequenceRows sequence_rows(const Tensor& query_offsets, const Tensor& key_offsets,
                                             int sequence) {
  const int32_t* queries = query_offsets.as<int32_t>() + sequence;
  const int32_t* keys = key_offsets.as<int32_t>() + sequence;
  return {queries[0], queries[1] - queries[0], keys[0], keys[1] - keys[0]};
}

// Sequence s begins with item offsets[s] / tile + s: enough for its tiles, and found by bisection.
struct SequenceTile {
  int sequence, first_row;  // of the sequence
  bool exists;
};
inline int64_t most_sequence_tiles(int64_t rows, const Tensor& offsets, int tile) {
  return rows / tile + offsets.columns - 1;
}
__device__ inline SequenceTile find_sequence_tile(const Tensor& offsets, int tile, int item) {
  const int32_t* first_rows = offsets.as<int32_t>();
  int low = 0, high = device_sequences(offsets);
  if (high == 0) return {0, 0, false};
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (first_rows[middle] / tile + middle <= item ? low : high) = middle;
  }
  const int first_row = (item - (first_rows[low] / tile + low)) * tile;
  return {low, first_row, first_row < first_rows[low + 1] - first_rows[low]};
}

// The same in the order of attention_work, where there is one; `row` of it: 1 of queries, 2 of keys.
__device__ inline SequenceTile find_work_tile(const Tensor& work, int row, const Tensor& offsets, int tile,
                                              int item) {
  if (!work) return find_sequence_tile(offsets, tile, item);
  const int32_t* first_items = work.row<int32_t>(row);
  const int live = device_sequences(offsets);
  if (item >= first_items[live]) return {0, 0, false};
  int low = 0, high = live;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (first_items[middle] <= item ? low : high) = middle;
  }
  return {work.row<int32_t>(0)[low], (item - first_items[low]) * tile, true};
}

// Blocks come head by head of one piece of work, then those of the next.
struct BlockPlace {
  int item, head;
};
__device__ inline BlockPlace block_place(const AttentionShape& shape) {
  const auto heads = static_cast<unsigned>(shape.heads);
  return {static_cast<int>(blockIdx.x / heads), static_cast<int>(blockIdx.x % heads)};
}

// The sequence that row `row` of all sequences lies in.
__device__ inline int sequence_of_row(const Tensor& offsets, int row) {
  const int32_t* first_rows = offsets.as<int32_t>();
  int low = 0, high = device_sequences(offsets);
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (first_rows[middle] <= row ? low : high) = middle;
  }
  return low;
}

}  // namespace cloze
