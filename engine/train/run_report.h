#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/train/metric_sink_json.h"
#include "engine/train/pretrain_options.h"
#include "engine/train/progress.h"
#include "engine/train/tensorboard.h"

namespace cloze {

// Where a run tells what it does: the progress line, metrics.jsonl, TensorBoard events.
class RunReport {
 public:
  // `step`: the updates done so far.
  RunReport(const std::filesystem::path& metrics_file, const std::filesystem::path& output, bool tensorboard,
            int64_t step);

  void show(const ProgressReport& report);
  // Takes a rewritten progress line away before something else is printed.
  void clear_progress() { progress_.clear(); }
  void record(int64_t step, const char* split, std::vector<std::pair<std::string, double>> values);

 private:
  JsonMetricSink json_sink_;
  std::optional<TensorBoardSink> tensorboard_;
  ProgressStyle style_;
  Progress progress_;
};

// What becomes of a step whose gradients are not finite: a warning, or the end of the run.
struct SkippedStep {
  std::string what;              // "step 12: a gradient is not finite"
  std::filesystem::path output;  // the run
  std::string remedy;
  NonFinitePolicy policy = NonFinitePolicy::skip;
  int64_t in_a_row = 1, most = 20;  // skipped steps, this one counted; more than `most` end the run
};
void skip_or_stop(const SkippedStep& step);  // throws Error where the run ends

}  // namespace cloze
