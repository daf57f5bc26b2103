#include "engine/train/finetune_files.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/data/examples/example_reader.h"
#include "engine/data/examples/split_examples.h"
#include "engine/model/task_head.h"
#include "engine/train/finetune_setup.h"

namespace cloze {
namespace {

// `validation: 10%` is a path to the YAML reader; its last part tells.
std::optional<double> split_of(const FinetuneOptions& options) {
  if (!options.data.validation) return std::nullopt;
  return parse_split(options.data.validation->filename().string());
}

void read_questions(const FinetuneOptions& options, FinetuningFiles& files) {
  if (split_of(options)) {
    throw UsageError({.what = "a file of questions is not split",
                      .where = "data.validation",
                      .why = "questions about one passage would stand on both sides",
                      .remedy = "give a file of its own"});
  }
  files.training = read_question_task(files.reading, options.data.train, ExampleUse::training);
  if (options.data.validation) {
    files.validation = read_question_task(files.reading, *options.data.validation, ExampleUse::evaluation);
  }
}

}  // namespace

FinetuningFiles read_finetuning_files(const FinetuneOptions& options, const Checkpoint& pretrained,
                                      int threads) {
  const TaskDescription task = finetune_task(options, pretrained.config().bert);
  FinetuningFiles files;
  if (task.kind == TaskKind::question_answering) {
    files.reading = task_reading(options, task, {}, pretrained.tokenizer(), threads);
    read_questions(options, files);
    return files;
  }
  ExampleSet training = read_examples(options.data.train, task, ExampleUse::training);
  std::optional<ExampleSet> validation;
  if (const auto fraction = split_of(options)) {
    SplitExamples split = split_examples(std::move(training), *fraction, options.seed);
    training = std::move(split.training);
    validation = std::move(split.validation);
    log::info("{} examples put aside for validation, {} left to train on", validation->examples.size(),
              training.examples.size());
  } else if (options.data.validation) {
    validation = read_examples(*options.data.validation, task, ExampleUse::evaluation);
  }
  const LabelSet labels = labels_of(task, training);
  files.reading = task_reading(options, task, labels, pretrained.tokenizer(), threads);
  files.training = encode_text_file(files.reading, std::move(training), ExampleUse::training);
  if (validation)
    files.validation = encode_text_file(files.reading, std::move(*validation), ExampleUse::evaluation);
  return files;
}

void require_encoder(const LoadReport& report, int64_t layers) {
  const auto of_the_encoder = [&](const std::string& name) { return depth_of(name, layers) <= layers; };
  std::string missing;
  for (const std::string& name : report.missing) {
    if (of_the_encoder(name)) missing += (missing.empty() ? "" : ", ") + name;
  }
  for (const LoadReport::Mismatch& mismatch : report.mismatched) {
    if (of_the_encoder(mismatch.name)) missing += (missing.empty() ? "" : ", ") + mismatch.name;
  }
  if (missing.empty()) return;
  throw Error({.what = "the pretrained model lacks parts of its encoder",
               .where = report.origin,
               .why = "missing or of another shape: " + missing});
}

const TaskScore& scored_by(const FinetuneOptions& options, const std::vector<TaskScore>& scores) {
  if (!options.evaluation.metric) return scores.front();
  const auto found = std::find_if(scores.begin(), scores.end(), [&](const TaskScore& score) {
    return score.name == *options.evaluation.metric;
  });
  if (found != scores.end()) return *found;
  std::string known;
  for (const TaskScore& score : scores) known += (known.empty() ? "" : ", ") + score.name;
  throw UsageError({.what = fmt::format("the task has no metric `{}`", *options.evaluation.metric),
                    .where = "evaluation.metric",
                    .remedy = "one of " + known});
}

TaskScore best_metric(const FinetuneOptions& options, const FinetuningFiles& files) {
  if (files.reading.task.kind == TaskKind::question_answering) {
    return scored_by(options, {{"f1"}, {"exact_match"}, {"exact"}, {"best_f1"}, {"best_exact"}});
  }
  std::vector<TaskScore> scores;
  for (const Metric metric : metrics_of(files.reading.task, files.reading.labels)) {
    scores.push_back({name_of(metric), 0, less_is_better(metric)});
  }
  return scored_by(options, scores);
}

}  // namespace cloze
