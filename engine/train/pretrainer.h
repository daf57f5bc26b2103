#pragma once

#include "engine/train/pretrain_options.h"
#include "engine/train/run_folder.h"

namespace cloze {

// Runs `cloze pretrain`. `resolved_yaml` is the configuration as it is kept in the run's folder. Returns 0
// when all steps are done, or the signal (SIGINT, SIGTERM) that ended the run after a checkpoint. Throws
// Error or UsageError.
int pretrain(const PretrainOptions& options, ExistingRun existing);

// The same inside another run, whose SignalWatch is there already. While it lasts, log lines go to its own
// log.txt, and afterwards to none.
int pretrain_within(const PretrainOptions& options, ExistingRun existing);

}  // namespace cloze
