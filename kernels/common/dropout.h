#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/common/philox.h"
#include "kernels/common/tensor.h"

namespace cloze {

// Inverted dropout whose mask is a pure function of (key, site, global sequence, row in the sequence,
// column), so that it depends neither on how a batch is packed nor on threads, and backward can draw it
// again.
//
// One Philox call decides eight columns: counter = {column / 8, row, global sequence, site}, key = *key;
// columns 8b … 8b+7 take the 16-bit halves of words 0…3 in order, low half first. A column is kept when its
// half is
// >= threshold(); kept values are multiplied by scale().
//
// For attention probabilities the row is query_position * heads + head, the column the key position.
struct Dropout {
  float probability = 0;  // in [0, 0.9999]; 0: no dropout (nothing else is read)
  uint32_t site = 0;      // which dropout of the model
  Tensor key = {};        // i32 [1, 2]: PhiloxKey of this step, {low, high}
  Tensor row_ids = {};    // i32 [rows, 2]: {global sequence, row in the sequence} of every row of the tensor

  CLOZE_HOST_DEVICE bool active() const { return probability > 0; }
  // The probability rounded to 1/65536, as the 16-bit decisions see it.
  CLOZE_HOST_DEVICE uint32_t threshold() const {
    return static_cast<uint32_t>(probability * 65536.0f + 0.5f);
  }
  CLOZE_HOST_DEVICE float scale() const { return 65536.0f / static_cast<float>(65536u - threshold()); }
};

// Whether one column is kept: the definition, one column at a time (the references; SIMD draws whole rows).
CLOZE_HOST_DEVICE constexpr bool dropout_keeps(PhiloxKey key, uint32_t site, uint32_t sequence, uint32_t row,
                                               uint32_t column, uint32_t threshold) {
  const PhiloxBits bits = philox({column / 8, row, sequence, site}, key);
  const uint32_t half = column % 8;
  const uint32_t word = half < 2 ? bits.word0 : half < 4 ? bits.word1 : half < 6 ? bits.word2 : bits.word3;
  return ((word >> (16 * (half % 2))) & 0xFFFFu) >= threshold;
}

// The key of this step, as stored on the CPU.
inline PhiloxKey dropout_key(const Dropout& dropout) {
  const int32_t* words = dropout.key.as<int32_t>();
  return {static_cast<uint32_t>(words[0]), static_cast<uint32_t>(words[1])};
}

// What multiplies column `column` of tensor row `row`: 0 or scale(); on the CPU.
inline float dropout_multiplier(const Dropout& dropout, int64_t row, int64_t column) {
  if (!dropout.active()) return 1;
  const int32_t* id = dropout.row_ids.row<int32_t>(row);
  const bool kept =
      dropout_keeps(dropout_key(dropout), dropout.site, static_cast<uint32_t>(id[0]),
                    static_cast<uint32_t>(id[1]), static_cast<uint32_t>(column), dropout.threshold());
  return kept ? dropout.scale() : 0;
}

}  // namespace cloze
