#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/common/philox.h"
#include "kernels/common/tensor.h"

namespace cloze {

// Inverted dropout whose mask is a pure function of (key, site, global sequence, row in the sequence, column), so that it
// depends neither on how a batch is packed nor on threads, and backward can draw it again.
//
// One Philox call decides eight columns: counter = {column / 8, row, global sequence, site}, key = *key; columns
// 8b … 8b+7 take the 16-bit halves of words 0…3 in order, low half first. A column is kept when its half is
// >= threshold(); kept values are multiplied by scale().
//
// For attention probabilities the row is query_position * heads + head, the column the key position.
struct Dropout {
  float probability = 0;      // 0: no dropout (nothing else is read)
  uint32_t site = 0;          // which dropout of the model
  Tensor key = {};            // i32 [1, 2]: PhiloxKey of this step, {low, high}
  Tensor row_ids = {};        // i32 [rows, 2]: {global sequence, row in the sequence} of every row of the tensor

  bool active() const { return probability > 0; }
  // The probability rounded to 1/65536, as the 16-bit decisions see it.
  CLOZE_HOST_DEVICE uint32_t threshold() const { return static_cast<uint32_t>(probability * 65536.0f + 0.5f); }
  CLOZE_HOST_DEVICE float scale() const { return 65536.0f / static_cast<float>(65536u - threshold()); }
};

}  // namespace cloze
