#pragma once

#include <cstdint>
#include <span>

#include "engine/model/bert_config.h"

namespace cloze {

// What a batch really holds: no padding.
struct BatchCounts {
  int64_t tokens = 0, sequences = 0, predictions = 0;
  double squared_lengths = 0;  // Σ length² over sequences

  void add(std::span<const int32_t> sequence_offsets, int64_t live_sequences, int64_t live_predictions);
};

// Useful floating-point operations of one training step: matrix products of forward, twice that in backward;
// the heads on the rows they read. A multiply-add counts as two.
double training_flops(const BertConfig& config, const BatchCounts& counts);

}  // namespace cloze
