#include "engine/data/packer.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace cloze {
namespace {

constexpr int digit_bits = 9;  // two passes for vocabularies below 2^18

template <typename T>
void fill_from(std::vector<T>& values, int64_t first, T value) {
  std::fill(values.begin() + first, values.end(), value);
}

void resize_to(const Capacity& capacity, PretrainingBatch& batch) {
  const auto tokens = static_cast<size_t>(capacity.tokens),
             sequences = static_cast<size_t>(capacity.sequences),
             predictions = static_cast<size_t>(capacity.predictions);
  batch.capacity = capacity;
  batch.live_predictions = 0;
  PackedSequences& packed = batch.sequences;
  packed.live_tokens = packed.live_sequences = 0;
  packed.tokens.resize(tokens);
  packed.token_types.resize(tokens);
  packed.positions.resize(tokens);
  packed.row_ids.resize(2 * tokens);
  packed.token_order.resize(tokens);
  packed.sequence_offsets.resize(sequences + 1);
  packed.first_rows.resize(sequences);
  batch.prediction_rows.resize(predictions);
  batch.prediction_labels.resize(predictions);
  batch.prediction_kinds.resize(predictions);
  batch.next_sentence_labels.resize(sequences);
}

// What lies beyond the live counts.
void fill_unused(PretrainingBatch& batch) {
  PackedSequences& packed = batch.sequences;
  fill_from(packed.tokens, packed.live_tokens, 0);
  fill_from(packed.token_types, packed.live_tokens, 0);
  fill_from(packed.positions, packed.live_tokens, 0);
  fill_from(packed.row_ids, 2 * packed.live_tokens, 0);
  std::iota(packed.token_order.begin() + packed.live_tokens, packed.token_order.end(),
            static_cast<int32_t>(packed.live_tokens));
  fill_from(packed.sequence_offsets, packed.live_sequences, static_cast<int32_t>(packed.live_tokens));
  fill_from(packed.first_rows, packed.live_sequences, 0);
  fill_from(batch.prediction_rows, batch.live_predictions, 0);
  fill_from(batch.prediction_labels, batch.live_predictions, -1);
  fill_from(batch.prediction_kinds, batch.live_predictions, MaskKind::masked);
  fill_from(batch.next_sentence_labels, packed.live_sequences, -1);
}

}  // namespace

void order_by_token(std::span<const int32_t> tokens, std::span<int32_t> order,
                    std::vector<int32_t>& scratch) {
  const size_t count = tokens.size();
  if (count == 0) return;
  scratch.resize(count);
  std::iota(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), 0);
  std::span<int32_t> from = order.first(count), to = scratch;
  const auto largest = static_cast<uint32_t>(*std::max_element(tokens.begin(), tokens.end()));
  for (int shift = 0; shift == 0 || (shift < 32 && largest >> shift != 0); shift += digit_bits) {
    const auto digit = [&](int32_t row) {
      return static_cast<uint32_t>(tokens[static_cast<size_t>(row)]) >> shift & ((1u << digit_bits) - 1);
    };
    std::array<uint32_t, (1 << digit_bits) + 1> begins = {};
    for (const int32_t row : from) ++begins[digit(row) + 1];
    for (size_t d = 1; d < begins.size(); ++d) begins[d] += begins[d - 1];
    for (const int32_t row : from) to[begins[digit(row)]++] = row;
    std::swap(from, to);
  }
  if (from.data() != order.data()) std::copy(from.begin(), from.end(), order.begin());
}

void Packer::pack(std::span<const InstanceReference> sequences, int64_t first_index,
                  const std::vector<Capacity>& ladder, PretrainingBatch& batch) {
  if (instances_.size() < sequences.size()) instances_.resize(sequences.size());
  Capacity counts{.tokens = 0, .sequences = static_cast<int64_t>(sequences.size()), .predictions = 0};
  for (size_t i = 0; i < sequences.size(); ++i) {
    maker_->make(sequences[i], instances_[i]);
    counts.tokens += sequences[i].tokens();
    counts.predictions += static_cast<int64_t>(instances_[i].predictions.size());
  }
  resize_to(choose_rung(ladder, counts), batch);
  for (size_t i = 0; i < sequences.size(); ++i)
    append(instances_[i], first_index + static_cast<int64_t>(i), batch);
  fill_unused(batch);
  PackedSequences& packed = batch.sequences;
  order_by_token(std::span(packed.tokens).first(static_cast<size_t>(packed.live_tokens)), packed.token_order,
                 scratch_);
}

void Packer::append(const Instance& instance, int64_t index, PretrainingBatch& batch) const {
  PackedSequences& packed = batch.sequences;
  const auto first = static_cast<size_t>(packed.live_tokens),
             sequence = static_cast<size_t>(packed.live_sequences);
  const size_t length = instance.tokens.size(), first_part = static_cast<size_t>(instance.length_a) + 2;
  std::copy(instance.tokens.begin(), instance.tokens.end(),
            packed.tokens.begin() + static_cast<std::ptrdiff_t>(first));
  for (size_t i = 0; i < length; ++i) {
    packed.token_types[first + i] = i < first_part ? 0 : 1;
    packed.positions[first + i] = static_cast<int32_t>(i);
    packed.row_ids[2 * (first + i)] = static_cast<int32_t>(index);
    packed.row_ids[2 * (first + i) + 1] = static_cast<int32_t>(i);
  }
  packed.sequence_offsets[sequence] = packed.first_rows[sequence] = static_cast<int32_t>(first);
  batch.next_sentence_labels[sequence] = !maker_->options().next_sentence ? -1 : instance.random_next ? 1 : 0;
  for (const Prediction& prediction : instance.predictions) {
    const auto at = static_cast<size_t>(batch.live_predictions++);
    batch.prediction_rows[at] = static_cast<int32_t>(first) + prediction.position;
    batch.prediction_labels[at] = prediction.label;
    batch.prediction_kinds[at] = prediction.kind;
  }
  packed.live_tokens += static_cast<int64_t>(length);
  packed.live_sequences += 1;
}

}  // namespace cloze
