#include "engine/data/packer.h"

#include <algorithm>

#include "engine/data/sequence_packing.h"

namespace cloze {
namespace {

template <typename T>
void fill_from(std::vector<T>& values, int64_t first, T value) {
  std::fill(values.begin() + first, values.end(), value);
}

void begin_batch(const Capacity& capacity, PretrainingBatch& batch) {
  const auto sequences = static_cast<size_t>(capacity.sequences),
             predictions = static_cast<size_t>(capacity.predictions);
  batch.capacity = capacity;
  batch.live_predictions = 0;
  begin_packing(batch.sequences, capacity);
  batch.prediction_rows.resize(predictions);
  batch.prediction_labels.resize(predictions);
  batch.prediction_kinds.resize(predictions);
  batch.next_sentence_labels.resize(sequences);
}

// What lies beyond the live counts.
void fill_unused(PretrainingBatch& batch) {
  fill_from(batch.prediction_rows, batch.live_predictions, 0);
  fill_from(batch.prediction_labels, batch.live_predictions, -1);
  fill_from(batch.prediction_kinds, batch.live_predictions, MaskKind::masked);
  fill_from(batch.next_sentence_labels, batch.sequences.live_sequences, -1);
}

}  // namespace

void Packer::pack(std::span<const InstanceReference> sequences, int64_t first_index,
                  const std::vector<Capacity>& ladder, PretrainingBatch& batch, const Capacity& least) {
  if (instances_.size() < sequences.size()) instances_.resize(sequences.size());
  Capacity counts{.tokens = 0, .sequences = static_cast<int64_t>(sequences.size()), .predictions = 0};
  for (size_t i = 0; i < sequences.size(); ++i) {
    maker_->make(sequences[i], instances_[i]);
    counts.tokens += sequences[i].tokens();
    counts.predictions += static_cast<int64_t>(instances_[i].predictions.size());
  }
  begin_batch(choose_rung(ladder, larger_of(counts, least)), batch);
  for (size_t i = 0; i < sequences.size(); ++i)
    append(instances_[i], first_index + static_cast<int64_t>(i), batch);
  fill_unused(batch);
  finish_packing(batch.sequences, scratch_);
}

void Packer::append(const Instance& instance, int64_t index, PretrainingBatch& batch) const {
  const auto sequence = static_cast<size_t>(batch.sequences.live_sequences);
  const int64_t first = append_sequence(batch.sequences, instance.tokens, instance.length_a + 2, index);
  batch.next_sentence_labels[sequence] = !maker_->options().next_sentence ? -1 : instance.random_next ? 1 : 0;
  for (const Prediction& prediction : instance.predictions) {
    const auto at = static_cast<size_t>(batch.live_predictions++);
    batch.prediction_rows[at] = static_cast<int32_t>(first) + prediction.position;
    batch.prediction_labels[at] = prediction.label;
    batch.prediction_kinds[at] = prediction.kind;
  }
}

}  // namespace cloze
