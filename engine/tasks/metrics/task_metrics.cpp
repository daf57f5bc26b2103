#include "engine/tasks/metrics/task_metrics.h"

#include <fmt/core.h>

#include <stdexcept>

#include "engine/base/edit_distance.h"
#include "engine/base/error.h"
#include "engine/tasks/metrics/confusion.h"
#include "engine/tasks/metrics/correlation.h"

namespace cloze {
namespace {

using Metrics = std::vector<Metric>;

struct NamedMetric {
  Metric metric;
  std::string name;
};
const std::vector<NamedMetric>& all_metrics() {
  static const std::vector<NamedMetric> all = {{Metric::accuracy, "accuracy"},
                                               {Metric::f1, "f1"},
                                               {Metric::macro_f1, "macro_f1"},
                                               {Metric::precision, "precision"},
                                               {Metric::recall, "recall"},
                                               {Metric::matthews, "matthews"},
                                               {Metric::pearson, "pearson"},
                                               {Metric::spearman, "spearman"},
                                               {Metric::mean_squared_error, "mean_squared_error"}};
  return all;
}

Metrics metrics_of_preset(TaskPreset preset) {
  switch (preset) {
    case TaskPreset::cola:
      return {Metric::matthews, Metric::accuracy};
    case TaskPreset::mrpc:
    case TaskPreset::qqp:
      return {Metric::accuracy, Metric::f1};
    case TaskPreset::stsb:
      return {Metric::pearson, Metric::spearman};
    case TaskPreset::ax:
      return {Metric::matthews};
    case TaskPreset::conll:
      return {Metric::f1, Metric::precision, Metric::recall, Metric::accuracy};
    case TaskPreset::google_tsv:
      return {};  // a form of files rather than a task
    default:
      return {Metric::accuracy};
  }
}

Metrics metrics_of_kind(TaskKind kind, int32_t labels) {
  switch (kind) {
    case TaskKind::regression:
      return {Metric::pearson, Metric::spearman, Metric::mean_squared_error};
    case TaskKind::tagging:
      return {Metric::f1, Metric::precision, Metric::recall, Metric::accuracy};
    case TaskKind::multiple_choice:
      return {Metric::accuracy};
    case TaskKind::classification:
      break;
    case TaskKind::question_answering:
      throw std::logic_error("question answering has scores of its own");
  }
  if (labels == 2) return {Metric::accuracy, Metric::f1, Metric::precision, Metric::recall, Metric::matthews};
  return {Metric::accuracy, Metric::macro_f1, Metric::matthews};
}

double class_metric(Metric metric, const ConfusionCounts& counts) {
  constexpr int32_t positive = 1;
  switch (metric) {
    case Metric::accuracy:
      return accuracy(counts);
    case Metric::f1:
      return precision_recall(counts, positive).f1;
    case Metric::precision:
      return precision_recall(counts, positive).precision;
    case Metric::recall:
      return precision_recall(counts, positive).recall;
    case Metric::macro_f1:
      return macro_average(counts).f1;
    case Metric::matthews:
      return matthews(counts);
    default:
      throw std::logic_error("`" + name_of(metric) + "` is no score of classification");
  }
}

double score_metric(Metric metric, std::span<const double> right, std::span<const double> predicted) {
  switch (metric) {
    case Metric::pearson:
      return pearson(right, predicted);
    case Metric::spearman:
      return spearman(right, predicted);
    case Metric::mean_squared_error:
      return mean_squared_error(right, predicted);
    default:
      throw std::logic_error("`" + name_of(metric) + "` is no score of regression");
  }
}

double tag_metric(Metric metric, const SpanCounts& counts) {
  switch (metric) {
    case Metric::f1:
      return counts.overall().f1;
    case Metric::precision:
      return counts.overall().precision;
    case Metric::recall:
      return counts.overall().recall;
    case Metric::accuracy:
      return counts.word_accuracy();
    default:
      throw std::logic_error("`" + name_of(metric) + "` is no score of tagging");
  }
}

template <typename Compute>
std::vector<MetricValue> each(std::span<const Metric> metrics, const Compute& compute) {
  std::vector<MetricValue> values;
  for (const Metric metric : metrics) values.push_back({metric, compute(metric)});
  return values;
}

}  // namespace

const std::string& name_of(Metric metric) {
  for (const NamedMetric& each : all_metrics()) {
    if (each.metric == metric) return each.name;
  }
  throw std::logic_error("a metric has no name");
}

Metric metric_named(const std::string& name) {
  std::vector<std::string> names;
  std::string known;
  for (const NamedMetric& each : all_metrics()) {
    if (each.name == name) return each.metric;
    names.push_back(each.name);
    known += (known.empty() ? "" : ", ") + each.name;
  }
  const auto close = nearest(name, names);
  throw UsageError({.what = fmt::format("there is no metric `{}`", name),
                    .why = "known are " + known,
                    .remedy = close ? fmt::format("did you mean `{}`?", *close) : ""});
}

bool less_is_better(Metric metric) {
  return metric == Metric::mean_squared_error;
}

std::vector<Metric> metrics_of(const TaskDescription& task, const LabelSet& labels) {
  if (task.preset) {
    Metrics metrics = metrics_of_preset(*task.preset);
    if (!metrics.empty()) return metrics;
  }
  return metrics_of_kind(task.kind, labels.size());
}

std::vector<MetricValue> class_metrics(std::span<const Metric> metrics, std::span<const int32_t> right,
                                       std::span<const int32_t> predicted, int32_t classes) {
  const ConfusionCounts counts = count_confusion(right, predicted, classes);
  return each(metrics, [&](Metric metric) { return class_metric(metric, counts); });
}

std::vector<MetricValue> score_metrics(std::span<const Metric> metrics, std::span<const double> right,
                                       std::span<const double> predicted) {
  return each(metrics, [&](Metric metric) { return score_metric(metric, right, predicted); });
}

std::vector<MetricValue> tag_metrics(std::span<const Metric> metrics, const SpanCounts& counts) {
  return each(metrics, [&](Metric metric) { return tag_metric(metric, counts); });
}

}  // namespace cloze
