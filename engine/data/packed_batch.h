#pragma once

#include <cstdint>
#include <vector>

#include "engine/graph/capacity.h"

namespace cloze {

// Sequences back to back, without padding between them; arrays have the capacity's size (T, S), the live
// counts say how much of them holds data. The rest holds harmless values: token 0, type 0, position 0, row 0,
// empty sequences.
struct PackedSequences {
  int64_t live_tokens = 0, live_sequences = 0;
  std::vector<int32_t> tokens;       // [T]
  std::vector<int32_t> token_types;  // [T]
  std::vector<int32_t> positions;    // [T] position in the sequence
  std::vector<int32_t>
      row_ids;  // [T, 2] {index of the sequence in the global batch, position}: keys of dropout masks
  std::vector<int32_t> token_order;       // [T] live rows ordered by (token, row), then the unused rows
  std::vector<int32_t> sequence_offsets;  // [S + 1]; of sequences not live: live_tokens
  std::vector<int32_t> first_rows;        // [S] row of the [CLS] of every sequence
};

// What became of a token chosen for prediction (80 / 10 / 10).
enum class MaskKind : int32_t { masked = 0, kept = 1, replaced = 2 };

// One micro-batch of masked-LM + next-sentence pretraining.
struct PretrainingBatch {
  Capacity capacity;
  PackedSequences sequences;
  int64_t live_predictions = 0;
  std::vector<int32_t> prediction_rows;       // [M] rows of T, ascending
  std::vector<int32_t> prediction_labels;     // [M] original token; unused: -1
  std::vector<MaskKind> prediction_kinds;     // [M]
  std::vector<int32_t> next_sentence_labels;  // [S] 0 = B follows A, 1 = random; unused: -1
};

}  // namespace cloze
