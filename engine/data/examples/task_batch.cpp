#include "engine/data/examples/task_batch.h"

#include <algorithm>

#include "engine/data/sequence_packing.h"

namespace cloze {
namespace {

bool predicts(TaskForm form) {
  return form == TaskForm::tokens || form == TaskForm::choice;
}

int64_t asked_tokens(const TaskItem& item) {
  return std::count_if(item.rows.begin(), item.rows.end(), [](int32_t row) { return row >= 0; });
}

}  // namespace

Capacity item_size(const TaskItem& item, TaskForm form) {
  Capacity size{.sequences = static_cast<int64_t>(item.sequences.size())};
  for (const EncodedSequence& sequence : item.sequences)
    size.tokens += static_cast<int64_t>(sequence.tokens.size());
  if (form == TaskForm::tokens) size.predictions = asked_tokens(item);
  if (form == TaskForm::choice) size.predictions = 1;
  return size;
}

void TaskPacker::pack(std::span<const TaskItem> items, int64_t first_index,
                      const std::vector<Capacity>& ladder, TaskBatch& batch) {
  Capacity counts;
  for (const TaskItem& item : items) {
    const Capacity size = item_size(item, form_);
    counts.tokens += size.tokens;
    counts.sequences += size.sequences;
    counts.predictions += size.predictions;
  }
  begin(choose_rung(ladder, counts), batch);
  for (const TaskItem& item : items) append(item, first_index + batch.sequences.live_sequences, batch);
  if (form_ == TaskForm::choice) {
    std::fill(batch.choice_offsets.begin() + batch.live_predictions, batch.choice_offsets.end(),
              static_cast<int32_t>(batch.sequences.live_sequences));
  }
  finish_packing(batch.sequences, scratch_);
}

void TaskPacker::begin(const Capacity& capacity, TaskBatch& batch) const {
  const auto sequences = static_cast<size_t>(capacity.sequences),
             predictions = static_cast<size_t>(capacity.predictions);
  const size_t rows = predicts(form_) ? predictions : sequences;
  batch.capacity = capacity;
  batch.live_predictions = 0;
  batch.label_weight = 0;
  begin_packing(batch.sequences, capacity);
  batch.labels.assign(form_ == TaskForm::span ? 2 * rows : rows, -1);
  batch.weights.assign(rows, 0.0f);
  batch.scores.assign(form_ == TaskForm::one_per_sequence ? sequences : 0, 0.0f);
  batch.head_row_ids.assign(2 * (form_ == TaskForm::tokens ? predictions : sequences), 0);
  batch.prediction_rows.assign(form_ == TaskForm::tokens ? predictions : 0, 0);
  batch.choice_offsets.assign(form_ == TaskForm::choice ? predictions + 1 : 0, 0);
}

void TaskPacker::append(const TaskItem& item, int64_t first_index, TaskBatch& batch) const {
  const int64_t first_sequence = batch.sequences.live_sequences;
  int64_t first_row = 0;
  for (size_t i = 0; i < item.sequences.size(); ++i) {
    const EncodedSequence& sequence = item.sequences[i];
    const int64_t index = first_index + static_cast<int64_t>(i);
    if (form_ != TaskForm::tokens) {
      batch.head_row_ids[2 * static_cast<size_t>(batch.sequences.live_sequences)] =
          static_cast<int32_t>(index);
    }
    const int64_t row = append_sequence(batch.sequences, sequence.tokens, sequence.second_begins, index);
    if (i == 0) first_row = row;
  }
  if (form_ == TaskForm::choice) {
    batch.choice_offsets[static_cast<size_t>(batch.live_predictions)] = static_cast<int32_t>(first_sequence);
  }
  append_labels(item, first_row, batch);
}

void TaskPacker::append_labels(const TaskItem& item, int64_t first_row, TaskBatch& batch) const {
  const int64_t sequence = batch.sequences.live_sequences - 1;
  switch (form_) {
    case TaskForm::one_per_sequence:
      batch.scores[static_cast<size_t>(sequence)] = item.score;
      return set_label(batch, sequence, item.label, item.weight);
    case TaskForm::choice:
      return set_label(batch, batch.live_predictions++, item.label, item.weight);
    case TaskForm::span:
      batch.labels[2 * static_cast<size_t>(sequence)] = item.start;
      batch.labels[2 * static_cast<size_t>(sequence) + 1] = item.end;
      batch.label_weight += item.start >= 0 ? 1 : 0;
      return;
    case TaskForm::tokens:
      break;
  }
  const int32_t index = batch.sequences.row_ids[2 * static_cast<size_t>(first_row)];
  for (const int32_t token : item.rows) {
    if (token < 0) continue;
    const int64_t at = batch.live_predictions++;
    batch.prediction_rows[static_cast<size_t>(at)] = static_cast<int32_t>(first_row) + token;
    batch.head_row_ids[2 * static_cast<size_t>(at)] = index;
    batch.head_row_ids[2 * static_cast<size_t>(at) + 1] = token;
    set_label(batch, at, item.token_labels[static_cast<size_t>(token)], item.weight);
  }
}

void TaskPacker::set_label(TaskBatch& batch, int64_t row, int32_t label, float weight) const {
  batch.labels[static_cast<size_t>(row)] = label;
  batch.weights[static_cast<size_t>(row)] = weight;
  if (label >= 0) batch.label_weight += double{weight};
}

}  // namespace cloze
