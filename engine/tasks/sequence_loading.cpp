#include "engine/tasks/sequence_loading.h"

#include <string>

#include "engine/model/bert.h"
#include "engine/passes/passes.h"
#include "engine/tasks/pretraining_graph.h"

namespace cloze {
namespace {

Slot renumbered(const Executable& executable, const char* index) {
  return executable.input(std::string(index) + std::string(needed_inputs::suffix));
}

}  // namespace

SequenceLoading::SequenceLoading(const Executable& executable)
    : tokens_(executable.input(sequence_inputs::tokens)),
      token_types_(executable.input(sequence_inputs::token_types)),
      positions_(executable.input(sequence_inputs::positions)),
      row_ids_(executable.input(sequence_inputs::row_ids)),
      token_order_(executable.input(sequence_inputs::token_order)),
      offsets_(executable.input(sequence_inputs::offsets)),
      first_rows_(executable.input(sequence_inputs::first_rows)),
      dropout_key_(executable.input(sequence_inputs::dropout_key)) {}

void SequenceLoading::load(Executable& executable, const PackedSequences& sequences,
                           PhiloxKey dropout_key) const {
  executable.set_live(Axis::tokens, sequences.live_tokens);
  executable.set_live(Axis::sequences, sequences.live_sequences);
  executable.write(tokens_, std::span<const int32_t>(sequences.tokens));
  executable.write(token_types_, std::span<const int32_t>(sequences.token_types));
  executable.write(positions_, std::span<const int32_t>(sequences.positions));
  executable.write(row_ids_, std::span<const int32_t>(sequences.row_ids));
  executable.write(token_order_, std::span<const int32_t>(sequences.token_order));
  executable.write(offsets_, std::span<const int32_t>(sequences.sequence_offsets));
  executable.write(first_rows_, std::span<const int32_t>(sequences.first_rows));
  const int32_t key[2] = {static_cast<int32_t>(dropout_key.low), static_cast<int32_t>(dropout_key.high)};
  executable.write(dropout_key_, std::span<const int32_t>(key));
}

NeededRowsLoading::NeededRowsLoading(const Executable& executable)
    : rows_(executable.input(needed_inputs::rows)),
      offsets_(executable.input(needed_inputs::offsets)),
      first_(renumbered(executable, sequence_inputs::first_rows)),
      predictions_(renumbered(executable, pretraining_names::prediction_rows)) {}

void NeededRowsLoading::load(Executable& executable, const PackedSequences& sequences,
                             std::span<const int32_t> prediction_rows) {
  if (!rows_) return;
  needed_.clear();
  needed_offsets_.assign(sequences.sequence_offsets.size(), 0);
  first_in_needed_.clear();
  predictions_in_needed_.clear();
  size_t prediction = 0;
  for (int64_t s = 0; s < sequences.live_sequences; ++s) {
    const int32_t end = sequences.sequence_offsets[static_cast<size_t>(s) + 1];
    if (first_) {
      first_in_needed_.push_back(static_cast<int32_t>(needed_.size()));
      needed_.push_back(sequences.first_rows[static_cast<size_t>(s)]);
    }
    for (; prediction < prediction_rows.size() && prediction_rows[prediction] < end; ++prediction) {
      const bool is_first = !needed_.empty() && needed_.back() == prediction_rows[prediction];
      if (!is_first) needed_.push_back(prediction_rows[prediction]);  // needed rows are distinct
      predictions_in_needed_.push_back(static_cast<int32_t>(needed_.size()) - 1);
    }
    needed_offsets_[static_cast<size_t>(s) + 1] = static_cast<int32_t>(needed_.size());
  }
  executable.set_live(Axis::needed, static_cast<int64_t>(needed_.size()));
  executable.write(rows_, std::span<const int32_t>(needed_));
  if (offsets_) executable.write(offsets_, std::span<const int32_t>(needed_offsets_));
  if (first_) executable.write(first_, std::span<const int32_t>(first_in_needed_));
  if (predictions_) executable.write(predictions_, std::span<const int32_t>(predictions_in_needed_));
}

}  // namespace cloze
