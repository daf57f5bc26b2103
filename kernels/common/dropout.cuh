#pragma once

#include <cuda_runtime.h>

#include "kernels/common/dropout.h"
#include "kernels/common/vector.cuh"

namespace cloze {

// The masks of one tensor row, on the device.
struct DropoutRow {
  PhiloxKey key;
  uint32_t row, sequence, site;
  uint32_t threshold;  // 0 without dropout: everything is kept
  float scale;
};

// `row` of the tensor; its number in the mask is `row_in_sequence · factor + addend` (attention: heads,
// head).
__device__ inline DropoutRow dropout_row(const Dropout& dropout, int64_t row, uint32_t factor = 1,
                                         uint32_t addend = 0) {
  if (!dropout.active()) return {{0, 0}, 0, 0, 0, 0, 1.0f};
  const int32_t* key = dropout.key.as<int32_t>();
  const int32_t* id = dropout.row_ids.row<int32_t>(row);
  return {{static_cast<uint32_t>(key[0]), static_cast<uint32_t>(key[1])},
          static_cast<uint32_t>(id[1]) * factor + addend,
          static_cast<uint32_t>(id[0]),
          dropout.site,
          dropout.threshold(),
          dropout.scale()};
}

// Random bits of columns 8 · index … 8 · index + 7, 16 each.
__device__ inline PhiloxBits dropout_bits(const DropoutRow& mask, int index) {
  return philox({static_cast<uint32_t>(index), mask.row, mask.sequence, mask.site}, mask.key);
}

// values *= 0 or scale, for columns 8 · index … 8 · index + 7.
__device__ inline void apply_dropout(const DropoutRow& mask, int index, float (&values)[group]) {
  if (mask.threshold == 0) return;
  const PhiloxBits bits = dropout_bits(mask, index);
  const uint32_t words[4] = {bits.word0, bits.word1, bits.word2, bits.word3};
#pragma unroll
  for (int i = 0; i < group; ++i) {
    const uint32_t half = (words[i / 2] >> (16 * (i % 2))) & 0xFFFFu;
    values[i] = half >= mask.threshold ? values[i] * mask.scale : 0.0f;
  }
}

}  // namespace cloze
