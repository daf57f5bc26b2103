#pragma once

#include "engine/observe/profile.h"
#include "engine/train/pretrain_options.h"

namespace cloze {

struct ProfileOptions {
  int64_t steps = 20;     // that are timed
  int64_t warm_up = 3;    // before them, not timed
  int64_t phase = 1;      // of the run's, from 1
  bool replayed = false;  // times of the CUDA graph that a run replays, as the GPU notes them (CUPTI)
};

// Trains a freshly initialised model of the configuration through the programs of `cloze pretrain`, every
// step twice on the same batch: once as always, once with the time of every launch taken. Writes nothing.
// Throws UsageError where there is no corpus, saying how to make one, no such phase, or no GPU to trace.
Profile profile_pretraining(const PretrainOptions& options, const ProfileOptions& profile,
                            const std::string& title);

}  // namespace cloze
