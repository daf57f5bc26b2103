#pragma once

#include <cstdint>
#include <vector>

#include "engine/graph/capacity.h"
#include "engine/graph/parameters.h"
#include "engine/model/bert_config.h"
#include "engine/passes/passes.h"
#include "engine/train/pretrain_options.h"
#include "engine/train/pretrain_setup.h"

// A run as `cloze plan` and `cloze graph` see it: its graphs, before anything of it is allocated.
namespace cloze {

// Planning needs no corpus: where there is none yet, the vocabulary of Google's uncased English models.
constexpr int32_t assumed_vocabulary = 30522;

struct PlannedRun {
  Target target;
  std::vector<TrainingPhase> phases;
  bool has_corpus = false;
  BertConfig config;
  ParameterLayout layout;
  Reduction reduction;  // over the processes planned for; none at first
};
PlannedRun plan_run(const PretrainOptions& options, const Target& target = {});

// One micro-batch of `capacity` through all passes.
Graph training_graph(const PretrainOptions& options, const PlannedRun& run, const Capacity& capacity,
                     MicroBatch place, const PassObserver& observer = {});

// Bytes beside the flat buffers.
struct WorkingMemory {
  int64_t arena = 0;   // activations, their gradients, workspaces
  int64_t inputs = 0;  // step inputs
  int64_t total() const { return arena + inputs; }
};
// The most that a micro-batch of `capacity` takes, as the first of a step or a later one.
WorkingMemory working_memory(const PretrainOptions& options, const PlannedRun& run, const Capacity& capacity);

// A micro-batch of `sequences` full sequences of the phase.
Capacity full_capacity(const TrainingPhase& phase, int64_t sequences);

// How many full sequences of the phase fit at once into `bytes` of working memory; 0: not one.
int64_t largest_batch(const PretrainOptions& options, const PlannedRun& run, const TrainingPhase& phase,
                      int64_t bytes);

}  // namespace cloze
