#pragma once

#include <cstdint>

#include "engine/data/pretraining_loader.h"
#include "engine/tasks/pretraining_program.h"
#include "engine/train/pretrain_options.h"

// What a step of pretraining follows from, besides the corpus.
namespace cloze {

// Each phase draws pairs and masks of its own: the seed of its loader.
uint64_t phase_seed(uint64_t seed, size_t phase);

// What the programs of `step` are given beside their batches, at learning rate `rate` and after `updates`
// updates.
PretrainingStepInputs step_inputs(const PretrainOptions& options, const PretrainingStep& batch, int64_t step,
                                  int64_t updates, double rate);

}  // namespace cloze
