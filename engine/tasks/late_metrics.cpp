#include "engine/tasks/late_metrics.h"

#include "engine/base/error.h"

namespace cloze {

LateMetrics::LateMetrics(PretrainingProgram& program)
    : reading_(program.executable()), update_(program.executable()) {
  std::vector<Slot> slots = reading_.slots();
  for (const Slot slot : update_.slots()) slots.push_back(slot);
  for (Run& run : runs_) run.results = program.executable().kept_results(slots);
}

void LateMetrics::keep(const PretrainingBatch& batch) {
  if (kept_ == runs_.size()) throw Error({.what = "two runs are kept already (an internal error)"});
  Run& run = runs_[(first_ + kept_++) % runs_.size()];
  run.batch.take(batch);
  run.results->keep();
}

LateMetrics::Report LateMetrics::read() {
  if (kept_ == 0) throw Error({.what = "no run was kept (an internal error)"});
  const Run& run = runs_[first_];
  first_ = (first_ + 1) % runs_.size();
  --kept_;
  Report report{.metrics =
                    reading_.sum(*run.results, run.batch.tokens, run.batch.sequences, run.batch.kinds)};
  if (!update_.slots().empty()) {
    report.gradient_norm = update_.gradient_norm(*run.results);
    report.skipped = update_.skipped(*run.results);
  }
  return report;
}

}  // namespace cloze
