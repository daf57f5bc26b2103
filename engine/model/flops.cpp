#include "engine/model/flops.h"

namespace cloze {

void BatchCounts::add(std::span<const int32_t> sequence_offsets, int64_t live_sequences,
                      int64_t live_predictions) {
  for (int64_t s = 0; s < live_sequences; ++s) {
    const double length =
        sequence_offsets[static_cast<size_t>(s) + 1] - sequence_offsets[static_cast<size_t>(s)];
    squared_lengths += length * length;
  }
  tokens += sequence_offsets[static_cast<size_t>(live_sequences)];
  sequences += live_sequences;
  predictions += live_predictions;
}

double training_flops(const BertConfig& config, const BatchCounts& counts) {
  const auto hidden = static_cast<double>(config.hidden_size),
             wide = static_cast<double>(config.intermediate_size);
  const double layer_weights = 4 * hidden * hidden + 2 * hidden * wide;
  const double layers =
      static_cast<double>(config.layers) *
      (2 * layer_weights * static_cast<double>(counts.tokens) + 4 * hidden * counts.squared_lengths);
  const double head_weights = hidden * hidden + hidden * static_cast<double>(config.vocabulary_size);
  const double heads = 2 * head_weights * static_cast<double>(counts.predictions) +
                       2 * hidden * hidden * static_cast<double>(counts.sequences);
  return 3 * (layers + heads);
}

}  // namespace cloze
