#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/data/corpus.h"
#include "engine/data/pretraining_loader.h"
#include "engine/graph/parameters.h"
#include "engine/model/bert_config.h"
#include "engine/tasks/pretraining_program.h"
#include "engine/train/pretrain_options.h"

// What follows from the options and the corpora before anything is computed.
namespace cloze {

// One phase, with its place in the run and everything resolved.
struct TrainingPhase {
  int64_t begin = 0, end = 0;  // steps
  InstanceOptions instances;
  BatchSize batch;
  std::vector<Capacity> ladder;  // of micro-batches
};

std::vector<TrainingPhase> resolve_phases(const PretrainOptions& options);
const TrainingPhase& phase_of(const std::vector<TrainingPhase>& phases, int64_t step);

// The sizes with the vocabulary of the corpus; throws UsageError where they cannot be.
BertConfig bert_config(const ModelOptions& options, int64_t vocabulary_size,
                       const std::vector<TrainingPhase>& phases);

// Opens a corpus for training or evaluation; throws where both were not made alike.
std::shared_ptr<const Corpus> open_corpus(const std::filesystem::path& folder);
void check_alike(const Corpus& train, const Corpus& validation);

// The parameters of such a model, with the heads that the options train.
ParameterLayout pretraining_layout(const PretrainOptions& options, const BertConfig& config);

// What a run trains.
struct PretrainSetup {
  std::vector<TrainingPhase> phases;
  std::shared_ptr<const Corpus> train, validation;  // validation: null where none is named
  BertConfig config;
  ParameterLayout layout;
};
// Opens the corpora. Throws as the functions above.
PretrainSetup pretrain_setup(const PretrainOptions& options);

PretrainingCompileOptions compile_options(const PretrainOptions& options, const ParameterLayout& layout);

// Real tokens per micro-batch are few beside a step's: the capacity of a micro-batch.
Capacity micro_batch_capacity(const InstanceOptions& instances, const BatchSize& batch,
                              int64_t micro_batch_tokens);

}  // namespace cloze
