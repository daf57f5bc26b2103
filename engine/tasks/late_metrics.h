#pragma once

#include <array>
#include <memory>
#include <vector>

#include "engine/tasks/pretraining_program.h"
#include "engine/tasks/pretraining_reading.h"

namespace cloze {

// What the runs of a program say, read while later runs go on, so that the device need not stand still for
// it. Runs are read in the order in which they were kept; two may be kept at a time.
class LateMetrics {
 public:
  static constexpr size_t most_kept = 2;
  explicit LateMetrics(PretrainingProgram& program);

  // Of the run that was started last; `batch` may change afterwards.
  void keep(const PretrainingBatch& batch);
  size_t kept() const { return kept_; }

  struct Report {
    PretrainingMetrics metrics;
    double gradient_norm = 0;  // of a program with the update, as is `skipped`
    bool skipped = false;
  };
  // Of the run kept first, for which it waits; it is forgotten.
  Report read();

 private:
  struct Run {
    std::unique_ptr<KeptResults> results;
    PredictedBatch batch;
  };

  PretrainingReading reading_;
  UpdateReading update_;
  std::array<Run, most_kept> runs_;
  size_t first_ = 0, kept_ = 0;
};

}  // namespace cloze
