#pragma once

#include "engine/train/finetune_options.h"
#include "engine/train/run_folder.h"

namespace cloze {

// `cloze finetune`: trains, evaluates at its intervals, and at the end writes eval_results.txt and, of
// `data.test`, the predictions, with the best checkpoint. With `training.seeds` a run for each in
// OUTPUT/seed-N, and their mean and deviation in OUTPUT/seeds.json. Returns 0, or the signal that ended the
// run after a checkpoint.
int finetune(const FinetuneOptions& options, ExistingRun existing);

}  // namespace cloze
