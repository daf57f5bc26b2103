#pragma once

#include <filesystem>
#include <vector>

#include "engine/tasks/task_inference.h"
#include "engine/train/finetune_options.h"
#include "engine/train/finetune_training.h"
#include "engine/train/run_report.h"

namespace cloze {

// What a run of fine-tuning tells of its intervals (log.every steps) and evaluations.
class FinetuneReport {
 public:
  // `step`: the steps done so far. The first interval begins now.
  FinetuneReport(const std::filesystem::path& metrics_file, const FinetuneOptions& options, int64_t step);

  void add(const FinetuneStep& step);
  // Ends the interval and begins the next.
  void show_interval(const TrainerPosition& position, int64_t total_steps);
  // `seconds` that it took: evaluation is not training time.
  void show_evaluation(int64_t step, const TaskOutputs& outputs, const std::vector<TaskScore>& scores,
                       double seconds);
  // Takes a rewritten progress line away before something else is printed.
  void clear_progress() { report_.clear_progress(); }

 private:
  // Sums between two reports.
  struct Interval {
    double loss = 0, began = 0;
    int64_t steps = 0, tokens = 0;
  };

  RunReport report_;
  Interval interval_;
  FinetuneStep last_;
};

}  // namespace cloze
