#pragma once

#include <memory>
#include <vector>

#include "engine/data/examples/task_batch.h"
#include "engine/passes/passes.h"
#include "engine/runtime/engine.h"
#include "engine/tasks/finetuning_graph.h"
#include "engine/tasks/program_cache.h"
#include "engine/tasks/sequence_loading.h"
#include "engine/tasks/update_reading.h"

namespace cloze {

// Everything of one micro-batch that is not in the batch itself.
struct FinetuningStepInputs {
  double label_weight = 1;  // of the whole step, over all micro-batches
  PhiloxKey dropout_key;
  float update_scalars[OptimizerScalars::count] = {};  // last micro-batch only
};

// One compiled graph of a fine-tuning task: training at one place in a step, or evaluation.
class FinetuningProgram {
 public:
  FinetuningProgram(std::unique_ptr<Executable> executable, TaskForm form);

  void load(const TaskBatch& batch, const FinetuningStepInputs& inputs);
  void run() { executable_->run(); }

  // Of the micro-batch just run, in evaluation: [rows of the head, outputs], live rows only, into the
  // beginning of `logits`; returns how many values there are.
  size_t read_logits(const TaskBatch& batch, std::span<float> logits) const;
  // Sum over labels of their weighted losses; of question answering the mean of start and end.
  double loss_sum(const TaskBatch& batch);
  // Of a program with the update, after run().
  double gradient_norm() const { return update_.gradient_norm(*executable_); }
  bool skipped() const { return update_.skipped(*executable_); }

  Executable& executable() { return *executable_; }

 private:
  int64_t head_rows(const TaskBatch& batch) const;

  std::unique_ptr<Executable> executable_;
  TaskForm form_;
  SequenceLoading sequences_;
  NeededRowsLoading needed_rows_;
  UpdateReading update_;
  Slot prediction_rows_, head_row_ids_, labels_, scores_, weights_, scale_, choice_offsets_, update_scalars_;
  Slot logits_, row_loss_;
  std::vector<float> row_loss_values_;
};

// How programs are compiled, the same for a whole run.
struct FinetuningCompileOptions {
  Recompute recompute = Recompute::automatic;
  MemoryPlanOptions memory;
  UpdateAttributes update;
};

// Compiles programs as they are first needed: one per rung of the ladder and place in a step.
class FinetuningPrograms {
 public:
  FinetuningPrograms(FinetuningModel model, const ParameterLayout& layout, Engine& engine,
                     FinetuningCompileOptions options)
      : model_(std::move(model)), layout_(layout), engine_(engine), options_(std::move(options)) {}

  FinetuningProgram& training(const Capacity& capacity, MicroBatch place) {
    return get(capacity, true, place);
  }
  FinetuningProgram& evaluation(const Capacity& capacity) { return get(capacity, false, {}); }
  const FinetuningModel& model() const { return model_; }

 private:
  FinetuningProgram& get(const Capacity& capacity, bool train, MicroBatch place);

  FinetuningModel model_;
  const ParameterLayout& layout_;
  Engine& engine_;
  FinetuningCompileOptions options_;
  ProgramCache<FinetuningProgram> cache_;
};

}  // namespace cloze
