#pragma once

#include <filesystem>
#include <vector>

#include "engine/data/examples/task_description.h"
#include "engine/tasks/metrics/task_metrics.h"

namespace cloze {

struct PredictionScores {
  int64_t examples = 0;
  std::vector<MetricValue> metrics;  // those of the task
};

// Compares a file of predictions, of any form that read_predictions() knows, with a labelled file of the
// task. Predictions of tagging are a CoNLL file or JSONL with `words` and `tags`, sentence for sentence.
// Throws Error for a prediction that is no label, and where the two files do not belong together.
PredictionScores score_predictions(const TaskDescription& task, const std::filesystem::path& data,
                                   const std::filesystem::path& predictions);

}  // namespace cloze
