#include "engine/tasks/pretraining_reading.h"

#include "engine/tasks/pretraining_graph.h"

namespace cloze {

void PredictedBatch::take(const PretrainingBatch& batch) {
  tokens = batch.sequences.live_tokens;
  sequences = batch.sequences.live_sequences;
  kinds.assign(batch.prediction_kinds.begin(), batch.prediction_kinds.begin() + batch.live_predictions);
}

PretrainingReading::PretrainingReading(const Executable& executable)
    : masked_row_loss_(executable.result(pretraining_names::masked_row_loss)),
      masked_correct_(executable.result(pretraining_names::masked_correct)),
      next_row_loss_(executable.result(pretraining_names::next_row_loss)),
      next_correct_(executable.result(pretraining_names::next_correct)) {}

std::vector<Slot> PretrainingReading::slots() const {
  std::vector<Slot> all{masked_row_loss_, masked_correct_};
  if (next_row_loss_) all.insert(all.end(), {next_row_loss_, next_correct_});
  return all;
}

PretrainingMetrics PretrainingReading::masked_sums(std::span<const MaskKind> kinds) const {
  PretrainingMetrics metrics{.predictions = static_cast<int64_t>(kinds.size())};
  for (size_t i = 0; i < kinds.size(); ++i) {
    metrics.masked_loss_sum += row_loss_[i];
    metrics.masked_correct += row_correct_[i];
    if (kinds[i] == MaskKind::masked) {
      ++metrics.mask_token_predictions;
      metrics.mask_token_loss_sum += row_loss_[i];
    }
  }
  return metrics;
}

void PretrainingReading::add_next_sums(PretrainingMetrics& metrics) const {
  for (size_t i = 0; i < row_loss_.size(); ++i) {
    metrics.next_loss_sum += row_loss_[i];
    metrics.next_correct += row_correct_[i];
  }
}

}  // namespace cloze
