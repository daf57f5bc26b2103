#pragma once

#include <span>
#include <vector>

#include "engine/data/packed_batch.h"
#include "engine/runtime/engine.h"
#include "engine/tasks/pretraining_metrics.h"

namespace cloze {

// What of a batch its metrics are made of.
struct PredictedBatch {
  int64_t tokens = 0, sequences = 0;
  std::vector<MaskKind> kinds;  // of live predictions

  void take(const PretrainingBatch& batch);
};

// Sums what a pretraining graph has as results; slots are found once, when it is made.
class PretrainingReading {
 public:
  explicit PretrainingReading(const Executable& executable);
  std::vector<Slot> slots() const;

  // `results`: an Executable after its run, or KeptResults of one.
  template <class Results>
  PretrainingMetrics sum(const Results& results, int64_t tokens, int64_t sequences,
                         std::span<const MaskKind> kinds) {
    read_rows(results, masked_row_loss_, masked_correct_, kinds.size());
    PretrainingMetrics metrics = masked_sums(kinds);
    metrics.tokens = tokens;
    metrics.sequences = sequences;
    if (!next_row_loss_) return metrics;
    read_rows(results, next_row_loss_, next_correct_, static_cast<size_t>(sequences));
    add_next_sums(metrics);
    return metrics;
  }

 private:
  template <class Results>
  void read_rows(const Results& results, Slot loss, Slot correct, size_t rows) {
    row_loss_.resize(rows);
    row_correct_.resize(rows);
    results.read(loss, std::span<float>(row_loss_));
    results.read(correct, std::span<int32_t>(row_correct_));
  }
  PretrainingMetrics masked_sums(std::span<const MaskKind> kinds) const;
  void add_next_sums(PretrainingMetrics& metrics) const;

  Slot masked_row_loss_, masked_correct_, next_row_loss_, next_correct_;
  std::vector<float> row_loss_;
  std::vector<int32_t> row_correct_;
};

}  // namespace cloze
