#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/data/examples/example_reader.h"
#include "engine/data/examples/show_task_example.h"
#include "engine/tasks/metrics/tag_spans.h"
#include "engine/tasks/outputs/glue_submission.h"
#include "engine/tasks/outputs/prediction_lines.h"
#include "engine/tasks/outputs/result_files.h"
#include "engine/tasks/task_file.h"

namespace cloze {
namespace {

int32_t likeliest(std::span<const float> logits) {
  return static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

// In double; the sum of the result is one to rounding.
std::vector<float> softmax(std::span<const float> logits) {
  const double highest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(double{logit} - highest);
  std::vector<float> probabilities;
  for (const float logit : logits) {
    probabilities.push_back(static_cast<float>(std::exp(double{logit} - highest) / sum));
  }
  return probabilities;
}

std::string text_of(const Example& example) {
  if (const auto* pair = std::get_if<TextPair>(&example.content)) {
    return pair->b.empty() ? pair->a : pair->a + "\n" + pair->b;
  }
  if (const auto* choice = std::get_if<MultipleChoice>(&example.content)) {
    return fmt::format("{}\n{}", choice->context, fmt::join(choice->endings, "\n"));
  }
  return fmt::format("{}", fmt::join(std::get<TaggedWords>(example.content).words, " "));
}

class TextTaskFile final : public TaskFile {
 public:
  TextTaskFile(const TaskReading& reading, ExampleSet set, ExampleUse use)
      : reading_(reading),
        encoder_(reading.tokenizer, reading.task, reading.labels),
        set_(std::move(set)),
        use_(use),
        encoded_(encode_examples(set_, encoder_, use, reading.threads)) {}

  size_t size() const override { return encoded_.examples.size(); }
  size_t examples() const override { return set_.examples.size(); }

  TaskItem item(size_t index) const override {
    const EncodedExample& example = encoded_.examples[index];
    TaskItem item{.sequences = example.sequences,
                  .label = example.label,
                  .score = example.score,
                  .rows = example.word_rows,
                  .token_labels = example.token_labels};
    if (kind() == TaskKind::regression) item.label = has_score(index) ? 0 : -1;
    if (!reading_.class_weights.empty() && item.label >= 0) {
      item.weight = reading_.class_weights[static_cast<size_t>(item.label)];
    }
    return item;
  }

  void for_each_text(const std::function<void(const std::string&)>& use) const override {
    for (const Example& example : set_.examples) use(text_of(example));
  }

  std::string show(size_t index, const std::string& set_name) const override {
    return show_example(set_.examples[index], encoded_.examples[index], encoder_, set_name);
  }

  std::vector<TaskScore> score(const TaskOutputs& outputs) const override {
    if (use_ == ExampleUse::prediction) return {};
    const std::vector<Metric> metrics = metrics_of(reading_.task, reading_.labels);
    std::vector<TaskScore> scores;
    for (const MetricValue& metric : values(metrics, outputs)) {
      scores.push_back({name_of(metric.metric), metric.value, less_is_better(metric.metric)});
    }
    return scores;
  }

  std::string prediction_line(size_t example, const TaskOutputs& outputs) const override {
    std::string line, table, google;
    append_prediction(example, outputs, line, table, google);
    return line;
  }

  std::vector<std::string> write_predictions(const TaskOutputs& outputs,
                                             const std::filesystem::path& folder) const override {
    std::vector<std::string> names;
    const auto write = [&](const std::string& name, const std::string& text) {
      write_file(folder / name, text);
      names.push_back(name);
    };
    std::string lines, table, google;
    for (size_t i = 0; i < examples(); ++i) append_prediction(i, outputs, lines, table, google);
    write("predictions.jsonl", lines);
    if (kind() == TaskKind::tagging) {
      write("predictions.conll", table);
    } else {
      const bool regression = kind() == TaskKind::regression;
      write("predictions.tsv",
            (regression ? score_tsv_header() : prediction_tsv_header(reading_.labels)) + table);
      write("test_results.tsv", google);
    }
    if (!reading_.task.preset) return names;
    if (const auto name = glue_submission_name(*reading_.task.preset, set_.file))
      write(*name, submission(outputs));
    return names;
  }

 private:
  // What GLUE's site takes.
  std::string submission(const TaskOutputs& outputs) const {
    std::string text = glue_submission_header();
    for (size_t i = 0; i < examples(); ++i) {
      const auto index = static_cast<int64_t>(i);
      const std::span<const float> logits = outputs.of(i);
      text += kind() == TaskKind::regression
                  ? glue_submission_line(index, logits.front())
                  : glue_submission_line(index, reading_.labels.name(likeliest(logits)));
    }
    return text;
  }

  TaskKind kind() const { return reading_.task.kind; }
  bool has_score(size_t index) const {
    const auto* pair = std::get_if<TextPair>(&set_.examples[index].content);
    return pair != nullptr && pair->label.has_value();
  }

  std::vector<MetricValue> values(const std::vector<Metric>& metrics, const TaskOutputs& outputs) const {
    if (kind() == TaskKind::tagging) return tag_metrics(metrics, tag_counts(outputs));
    if (kind() == TaskKind::regression) {
      std::vector<double> right, predicted;
      for (size_t i = 0; i < size(); ++i) {
        right.push_back(double{encoded_.examples[i].score});
        predicted.push_back(double{outputs.of(i).front()});
      }
      return score_metrics(metrics, right, predicted);
    }
    std::vector<int32_t> right, predicted;
    for (size_t i = 0; i < size(); ++i) {
      right.push_back(encoded_.examples[i].label);
      predicted.push_back(likeliest(outputs.of(i)));
    }
    return class_metrics(metrics, right, predicted, reading_.labels.size());
  }

  SpanCounts tag_counts(const TaskOutputs& outputs) const {
    SpanCounts counts;
    for (size_t i = 0; i < size(); ++i) {
      counts.add(std::get<TaggedWords>(set_.examples[i].content).tags, tags_of(i, outputs));
    }
    return counts;
  }

  // A word that the sequence had no room for gets "O", or the first label where there is no O.
  std::vector<std::string> tags_of(size_t index, const TaskOutputs& outputs) const {
    const std::string fallback = reading_.labels.find("O") ? "O" : reading_.labels.name(0);
    const std::span<const float> logits = outputs.of(index);
    const auto width = static_cast<size_t>(outputs.outputs);
    std::vector<std::string> tags;
    size_t row = 0;
    for (const int32_t token : encoded_.examples[index].word_rows) {
      tags.push_back(token < 0 ? fallback
                               : reading_.labels.name(likeliest(logits.subspan(row++ * width, width))));
    }
    return tags;
  }

  void append_prediction(size_t index, const TaskOutputs& outputs, std::string& lines, std::string& table,
                         std::string& google) const {
    const std::string& id = set_.examples[index].id;
    if (kind() == TaskKind::tagging) {
      const TagPrediction prediction{id, std::get<TaggedWords>(set_.examples[index].content).words,
                                     tags_of(index, outputs)};
      lines += prediction_jsonl(prediction);
      table += prediction_conll(prediction);
      return;
    }
    const std::span<const float> logits = outputs.of(index);
    if (kind() == TaskKind::regression) {
      const ScorePrediction prediction{id, logits.front()};
      lines += prediction_jsonl(prediction);
      table += prediction_tsv(prediction);
      google += test_results_line(logits);
      return;
    }
    const LabelPrediction prediction{id, likeliest(logits), softmax(logits)};
    lines += prediction_jsonl(prediction, reading_.labels);
    table += prediction_tsv(prediction, reading_.labels);
    google += test_results_line(prediction.probabilities);
  }

  TaskReading reading_;
  ExampleEncoder encoder_;
  ExampleSet set_;
  ExampleUse use_;
  EncodedExamples encoded_;
};

}  // namespace

std::unique_ptr<TaskFile> encode_text_file(const TaskReading& reading, ExampleSet set, ExampleUse use) {
  return std::make_unique<TextTaskFile>(reading, std::move(set), use);
}

std::unique_ptr<TaskFile> read_task_file(const TaskReading& reading, const std::filesystem::path& path,
                                         ExampleUse use) {
  if (reading.task.kind == TaskKind::question_answering) return read_question_task(reading, path, use);
  return encode_text_file(reading, read_examples(path, reading.task, use), use);
}

}  // namespace cloze
