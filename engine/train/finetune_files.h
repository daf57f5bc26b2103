#pragma once

#include <memory>
#include <vector>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/tensor_loading.h"
#include "engine/tasks/task_file.h"
#include "engine/train/finetune_options.h"

namespace cloze {

// The files of a run, read and encoded, and what they were read by.
struct FinetuningFiles {
  TaskReading reading;
  std::unique_ptr<TaskFile> training, validation;  // validation may be none
};

// Throws UsageError or Error for what is wrong with the options or the files (read_examples,
// read_question_file).
FinetuningFiles read_finetuning_files(const FinetuneOptions& options, const Checkpoint& pretrained,
                                      int threads);

// Throws Error unless every parameter of the encoder was loaded, as a head may lack but a layer may not.
void require_encoder(const LoadReport& report, int64_t layers);

// The score that tells the best checkpoint: `evaluation.metric`, or the first. Throws UsageError naming those
// there are.
const TaskScore& scored_by(const FinetuneOptions& options, const std::vector<TaskScore>& scores);
// The same before anything was scored; its value means nothing.
TaskScore best_metric(const FinetuneOptions& options, const FinetuningFiles& files);

}  // namespace cloze
