#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "engine/tasks/late_metrics.h"
#include "engine/tasks/pretraining_program.h"

namespace cloze {

// What the steps of a run say, each read whole while later ones go on: on a GPU the host need not wait for it
// to learn how a step ended. Programs must live as long as this.
class LateSteps {
 public:
  // Of the micro-batch that `program` was just run for. Reads earlier ones where it keeps two of that program
  // already. `last`: the step ends with it.
  void keep(PretrainingProgram& program, const PretrainingBatch& batch, bool last);

  // Steps that have ended and were not read.
  int64_t unread() const { return unread_; }

  // Of the earliest of them, for which it waits.
  LateMetrics::Report read();

 private:
  struct Kept {
    LateMetrics* metrics;
    bool last;
  };
  LateMetrics& metrics_of(PretrainingProgram& program);
  void read_one();

  std::map<PretrainingProgram*, std::unique_ptr<LateMetrics>> metrics_;
  std::vector<Kept> kept_;                  // in the order of their runs
  LateMetrics::Report begun_;               // of the micro-batches that were read of the next step
  std::vector<LateMetrics::Report> ended_;  // steps whose micro-batches were all read
  int64_t unread_ = 0;
};

}  // namespace cloze
