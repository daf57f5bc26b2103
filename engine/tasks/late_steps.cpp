#include "engine/tasks/late_steps.h"

#include <utility>

#include "engine/base/error.h"

namespace cloze {

LateMetrics& LateSteps::metrics_of(PretrainingProgram& program) {
  auto& metrics = metrics_[&program];
  if (!metrics) metrics = std::make_unique<LateMetrics>(program);
  return *metrics;
}

void LateSteps::keep(PretrainingProgram& program, const PretrainingBatch& batch, bool last) {
  LateMetrics& metrics = metrics_of(program);
  while (metrics.kept() == LateMetrics::most_kept) read_one();
  metrics.keep(batch);
  kept_.push_back({&metrics, last});
  if (last) ++unread_;
}

void LateSteps::read_one() {
  const Kept kept = kept_.front();
  kept_.erase(kept_.begin());  // a few at most; keeps its memory, as a step must not allocate
  const LateMetrics::Report report = kept.metrics->read();
  begun_.metrics += report.metrics;
  if (!kept.last) return;
  begun_.gradient_norm = report.gradient_norm;
  begun_.skipped = report.skipped;
  ended_.push_back(std::exchange(begun_, {}));
}

LateMetrics::Report LateSteps::read() {
  if (unread_ == 0) throw Error({.what = "no step is unread (an internal error)"});
  while (ended_.empty()) read_one();
  const LateMetrics::Report report = ended_.front();
  ended_.erase(ended_.begin());
  --unread_;
  return report;
}

}  // namespace cloze
