#include "engine/train/finetune_setup.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/train/run_setup.h"

namespace cloze {
namespace {

int64_t frozen_depth(const FinetuneTrainingOptions& training, int64_t layers) {
  if (training.freeze_encoder) return layers + 1;
  return training.freeze_layers > 0 ? std::min(training.freeze_layers, layers) + 1 : 0;
}

const char* architecture_of(const FinetuningModel& model) {
  const bool own =
      model.head.widths.empty() && model.head.pooling == bert_head(model.kind, model.head.outputs).pooling;
  if (!own) return "BertWithTaskHead";
  switch (model.kind) {
    case TaskKind::tagging:
      return "BertForTokenClassification";
    case TaskKind::multiple_choice:
      return "BertForMultipleChoice";
    case TaskKind::question_answering:
      return "BertForQuestionAnswering";
    case TaskKind::classification:
    case TaskKind::regression:
      break;
  }
  return "BertForSequenceClassification";
}

// SQuAD v2.0 is told by the preset, too.
SquadOptions squad_options(const FinetuneOptions& options) {
  SquadOptions squad = options.question_answering;
  if (options.task.preset == TaskPreset::squad2) squad.version_2_with_negative = true;
  return squad;
}

}  // namespace

void require_positions(int64_t length, const std::string& key, const BertConfig& config) {
  if (length <= config.max_positions) return;
  throw UsageError({.what = fmt::format("cannot use sequences of {} tokens", length),
                    .where = key,
                    .why = fmt::format("the model was trained on up to {}", config.max_positions),
                    .remedy = fmt::format("at most {}", config.max_positions)});
}

TaskDescription finetune_task(const FinetuneOptions& options, const BertConfig& config) {
  TaskDescription task = describe_task(options.task);
  const bool questions = task.kind == TaskKind::question_answering;
  if (questions) validate(squad_options(options));
  const int64_t longest =
      questions ? options.question_answering.max_sequence_length : task.sequences.max_sequence_length;
  require_positions(
      longest, questions ? "question_answering.max_sequence_length" : "task.max_sequence_length", config);
  return task;
}

BertConfig finetune_config(const FinetuneOptions& options, const BertConfig& pretrained) {
  BertConfig config = pretrained;
  if (options.model.hidden_dropout) config.hidden_dropout = static_cast<float>(*options.model.hidden_dropout);
  if (options.model.attention_dropout) {
    config.attention_dropout = static_cast<float>(*options.model.attention_dropout);
  }
  return config;
}

FinetuningModel finetuning_model(const FinetuneOptions& options, const BertConfig& config,
                                 const TaskDescription& task, const LabelSet& labels) {
  FinetuningModel model{.kind = task.kind, .config = config};
  model.head = bert_head(task.kind, labels.size());
  model.head.widths = options.head.widths;
  model.head.activation = options.head.activation;
  model.head.initializer_range = options.head.initializer_range
                                     ? static_cast<float>(*options.head.initializer_range)
                                     : config.initializer_range;
  if (task.kind != TaskKind::question_answering)
    model.head.dropout = static_cast<float>(options.head.dropout);
  if (options.head.pooling) {
    if (model.head.pooling == Pooling::tokens) {
      throw UsageError(
          {.what = fmt::format("`{}` reads every token: there is nothing to pool", name_of(task.kind)),
           .where = "head.pooling"});
    }
    model.head.pooling = *options.head.pooling;
  }
  model.label_smoothing = static_cast<float>(options.training.label_smoothing);
  model.weighted = !options.training.class_weights.empty();
  model.frozen_depth = frozen_depth(options.training, config.layers);
  return model;
}

FinetuningCompileOptions finetune_compile_options(const FinetuneOptions& options,
                                                  const FinetuningModel& model,
                                                  const ParameterLayout& layout) {
  const int64_t layers = model.config.layers;
  const auto rate_of = [&](const std::string& name) {
    const int64_t depth = depth_of(name, layers);
    if (depth < model.frozen_depth) return 0.0f;
    return static_cast<float>(
        std::pow(options.training.layer_decay, static_cast<double>(layers + 1 - depth)));
  };
  return {.update = update_attributes(options.optimizer, layout, rate_of)};
}

TaskReading task_reading(const FinetuneOptions& options, const TaskDescription& task, const LabelSet& labels,
                         const HuggingfaceTokenizer& tokenizer, int threads) {
  const std::vector<double>& weights = options.training.class_weights;
  const bool classes = task.kind == TaskKind::classification || task.kind == TaskKind::tagging;
  if (!weights.empty() && (!classes || weights.size() != static_cast<size_t>(labels.size()))) {
    throw UsageError({.what = fmt::format("{} class weights do not fit the task", weights.size()),
                      .where = "training.class_weights",
                      .why = classes ? fmt::format("it has {} labels", labels.size())
                                     : fmt::format("`{}` has no classes", name_of(task.kind))});
  }
  return {.task = task,
          .labels = labels,
          .squad = squad_options(options),
          .tokenizer = std::make_shared<const Tokenizer>(tokenizer.vocabulary, tokenizer.options),
          .class_weights = std::vector<float>(weights.begin(), weights.end()),
          .threads = threads};
}

HuggingfaceConfig finetuned_config(const FinetuningModel& model, const LabelSet& labels) {
  HuggingfaceConfig config{.bert = model.config, .architecture = architecture_of(model)};
  config.labels = labels.names();
  if (model.kind == TaskKind::regression)
    config.labels = {"LABEL_0"};  // one output, as transformers reads it
  return config;
}

}  // namespace cloze
