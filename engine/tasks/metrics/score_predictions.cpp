#include "engine/tasks/metrics/score_predictions.h"

#include <fmt/core.h>

#include <optional>

#include "engine/base/error.h"
#include "engine/data/examples/example_reader.h"
#include "engine/data/examples/score_text.h"
#include "engine/data/examples/task_options.h"
#include "engine/tasks/outputs/prediction_reader.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

const std::string& label_of(const Example& example) {
  const auto* pair = std::get_if<TextPair>(&example.content);
  return pair ? *pair->label : *std::get<MultipleChoice>(example.content).label;
}

double score_of(const std::string& text, const RecordPlace& place) {
  const auto score = parse_score(text);
  if (score) return *score;
  throw Error({.what = fmt::format("the score `{}` is no number", text), .where = to_string(place)});
}

std::vector<MetricValue> score_classes(const ExampleSet& set,
                                       const std::vector<WrittenPrediction>& predictions,
                                       const fs::path& file, const LabelSet& labels,
                                       const std::vector<Metric>& metrics) {
  std::vector<int32_t> right, predicted;
  for (size_t i = 0; i < set.examples.size(); ++i) {
    right.push_back(labels.require(label_of(set.examples[i]), set.place(set.examples[i])));
    predicted.push_back(labels.require(predictions[i].answer, {file, predictions[i].line}));
  }
  return class_metrics(metrics, right, predicted, labels.size());
}

std::vector<MetricValue> score_numbers(const ExampleSet& set,
                                       const std::vector<WrittenPrediction>& predictions,
                                       const fs::path& file, const std::vector<Metric>& metrics) {
  std::vector<double> right, predicted;
  for (size_t i = 0; i < set.examples.size(); ++i) {
    right.push_back(score_of(label_of(set.examples[i]), set.place(set.examples[i])));
    predicted.push_back(score_of(predictions[i].answer, {file, predictions[i].line}));
  }
  return score_metrics(metrics, right, predicted);
}

std::vector<MetricValue> score_tags(const ExampleSet& set, const fs::path& file,
                                    const std::vector<Metric>& metrics) {
  const TaskDescription any_tagging = describe_task(TaskOptions{.kind = TaskKind::tagging});
  const ExampleSet found = read_examples(file, any_tagging, ExampleUse::evaluation);
  if (found.examples.size() != set.examples.size()) {
    throw Error(
        {.what = fmt::format("there are {} sentences, not {}", found.examples.size(), set.examples.size()),
         .where = file.string()});
  }
  SpanCounts counts;
  for (size_t i = 0; i < set.examples.size(); ++i) {
    const auto& right = std::get<TaggedWords>(set.examples[i].content).tags;
    const auto& predicted = std::get<TaggedWords>(found.examples[i].content).tags;
    if (right.size() != predicted.size()) {
      throw Error(
          {.what = fmt::format("this sentence has {} word(s)", predicted.size()),
           .where = to_string(found.place(found.examples[i])),
           .why = fmt::format("the one at {} has {}", to_string(set.place(set.examples[i])), right.size())});
    }
    counts.add(right, predicted);
  }
  return tag_metrics(metrics, counts);
}

}  // namespace

PredictionScores score_predictions(const TaskDescription& task, const fs::path& data,
                                   const fs::path& predictions) {
  const ExampleSet set = read_examples(data, task, ExampleUse::evaluation);
  PredictionScores scores{.examples = static_cast<int64_t>(set.examples.size())};
  if (task.kind == TaskKind::tagging) {
    scores.metrics = score_tags(set, predictions, metrics_of(task, {}));
    return scores;
  }
  const LabelSet labels = labels_of(task, set);
  const std::vector<Metric> metrics = metrics_of(task, labels);
  const auto answers = in_order_of(set, read_predictions(predictions, task, labels), predictions);
  scores.metrics = task.kind == TaskKind::regression
                       ? score_numbers(set, answers, predictions, metrics)
                       : score_classes(set, answers, predictions, labels, metrics);
  return scores;
}

}  // namespace cloze
