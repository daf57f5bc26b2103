#pragma once

#include "engine/train/finetune_options.h"
#include "engine/train/pretrain_options.h"

namespace cloze {

// Compares the options with the config.yaml of the run to be resumed, if there is one: throws UsageError
// listing the keys that may not change (those marked so in the reference), logs the others.
void check_resume(const PretrainOptions& options);
void check_resume(const FinetuneOptions& options);

}  // namespace cloze
