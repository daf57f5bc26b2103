#pragma once

#include <cstdint>
#include <memory>

#include "engine/checkpoint/checkpoint.h"
#include "engine/tasks/finetuning_program.h"
#include "engine/tasks/task_inference.h"
#include "engine/tasks/task_loader.h"
#include "engine/train/finetune_files.h"
#include "engine/train/finetune_options.h"
#include "engine/train/model_state.h"
#include "engine/train/trainer_position.h"

namespace cloze {

// What a step of fine-tuning says.
struct FinetuneStep {
  double loss = 0;  // mean over the labels' weights; 0 where no example has a label
  double learning_rate = 0, gradient_norm = 0;
  int64_t tokens = 0;
  bool skipped = false;  // a gradient was not finite
};

// The model that is fine-tuned, on its device, with the batches it is trained on.
class FinetuneTraining {
 public:
  // Nothing is loaded yet. All that is given outlives this.
  FinetuneTraining(const FinetuneOptions& options, const FinetuningModel& model,
                   const ParameterLayout& layout, const FinetuningFiles& files, Precision precision);

  const Engine& engine() const { return *engine_; }
  int64_t steps() const { return steps_; }              // of the whole run
  int64_t epoch_steps() const { return epoch_steps_; }  // an epoch, to the nearest step; at least 1

  // Goes on from a checkpoint of the run.
  void load(const Checkpoint& checkpoint);
  // BERT's initialisation, then what the pretrained model has: all of the encoder, hardly ever the head.
  void load_pretrained(const Checkpoint& pretrained);
  // Over that, the encoder of further pretraining.
  void load_encoder(const Checkpoint& adapted);

  FinetuneStep train(const TrainerPosition& position);
  TaskOutputs infer(const TaskFile& file);
  SavedState saved() const { return saved_state(*engine_, layout_, true); }

 private:
  const FinetuneOptions& options_;
  const FinetuningModel& model_;
  const ParameterLayout& layout_;
  std::unique_ptr<Engine> engine_;
  FinetuningPrograms programs_;
  TaskLoader loader_;
  int64_t steps_, epoch_steps_;
};

}  // namespace cloze
