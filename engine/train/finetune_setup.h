#pragma once

#include <filesystem>
#include <memory>

#include "engine/checkpoint/checkpoint.h"
#include "engine/tasks/finetuning_program.h"
#include "engine/tasks/task_file.h"
#include "engine/train/finetune_options.h"

// What follows from the options, the pretrained model and the labels before anything is computed.
namespace cloze {

// Throws UsageError naming `key` where the model has no positions for sequences of `length` tokens.
void require_positions(int64_t length, const std::string& key, const BertConfig& config);

// The task, with how its sequences are cut checked against the model's positions.
TaskDescription finetune_task(const FinetuneOptions& options, const BertConfig& config);

// The model's sizes with the dropout the options state.
BertConfig finetune_config(const FinetuneOptions& options, const BertConfig& pretrained);

// Encoder, head and what of them is trained.
FinetuningModel finetuning_model(const FinetuneOptions& options, const BertConfig& config,
                                 const TaskDescription& task, const LabelSet& labels);

// The update: weight decay as BERT has it, learning rates by layer, nothing for frozen parameters.
FinetuningCompileOptions finetune_compile_options(const FinetuneOptions& options,
                                                  const FinetuningModel& model,
                                                  const ParameterLayout& layout);

// Throws UsageError for class weights that do not fit the labels.
TaskReading task_reading(const FinetuneOptions& options, const TaskDescription& task, const LabelSet& labels,
                         const HuggingfaceTokenizer& tokenizer, int threads);

// config.json of a fine-tuned model: transformers' class for BERT's own heads.
HuggingfaceConfig finetuned_config(const FinetuningModel& model, const LabelSet& labels);

}  // namespace cloze
