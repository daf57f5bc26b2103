#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/data/examples/label_set.h"
#include "engine/data/examples/task_description.h"
#include "engine/tasks/metrics/tag_spans.h"

namespace cloze {

// A score of a task; more is better, but for mean_squared_error.
enum class Metric : uint8_t {
  accuracy,
  f1,        // of label 1 against label 0; of tagging: of spans
  macro_f1,  // the mean over the labels
  precision,
  recall,
  matthews,
  pearson,
  spearman,
  mean_squared_error,
};
const std::string& name_of(Metric metric);     // "accuracy", "f1", ...
Metric metric_named(const std::string& name);  // throws UsageError naming the nearest
bool less_is_better(Metric metric);

// What is reported for a task, the most telling one first: for GLUE what its leader board shows. SST-2, MNLI,
// QNLI, RTE, WNLI, XNLI, Yelp, SWAG: accuracy; CoLA: Matthews; MRPC, QQP: accuracy and F1; STS-B: Pearson and
// Spearman; CoNLL: F1 of spans. `labels` tells a task without preset whether it is binary.
std::vector<Metric> metrics_of(const TaskDescription& task, const LabelSet& labels);

struct MetricValue {
  Metric metric;
  double value;
};
// Classification and multiple choice: [examples] label ids, none of them -1.
std::vector<MetricValue> class_metrics(std::span<const Metric> metrics, std::span<const int32_t> right,
                                       std::span<const int32_t> predicted, int32_t classes);
// Regression: [examples] scores.
std::vector<MetricValue> score_metrics(std::span<const Metric> metrics, std::span<const double> right,
                                       std::span<const double> predicted);
// Tagging.
std::vector<MetricValue> tag_metrics(std::span<const Metric> metrics, const SpanCounts& counts);

}  // namespace cloze
