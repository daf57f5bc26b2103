#pragma once

#include <memory>
#include <vector>

#include "engine/data/packed_batch.h"
#include "engine/passes/passes.h"
#include "engine/runtime/engine.h"
#include "engine/tasks/pretraining_graph.h"
#include "engine/tasks/pretraining_metrics.h"
#include "engine/tasks/pretraining_reading.h"
#include "engine/tasks/program_cache.h"
#include "engine/tasks/sequence_loading.h"
#include "engine/tasks/update_reading.h"

namespace cloze {

// Everything of one micro-batch that is not in the batch itself.
struct PretrainingStepInputs {
  int64_t global_predictions = 0,
          global_sequences = 0;  // of the whole step, over all micro-batches and processes
  PhiloxKey dropout_key;
  float update_scalars[OptimizerScalars::count] = {};  // last micro-batch only
};

// One compiled pretraining graph: a capacity, training at one place in a step, or evaluation.
class PretrainingProgram {
 public:
  explicit PretrainingProgram(std::unique_ptr<Executable> executable);

  void load(const PretrainingBatch& batch, const PretrainingStepInputs& inputs);
  void run() { executable_->run(); }
  // Of the micro-batch just run.
  PretrainingMetrics metrics(const PretrainingBatch& batch);
  // Of a program with the update, after run().
  double gradient_norm() const { return update_.gradient_norm(*executable_); }
  bool skipped() const { return update_.skipped(*executable_); }

  Executable& executable() { return *executable_; }

 private:
  std::unique_ptr<Executable> executable_;
  SequenceLoading sequences_;
  NeededRowsLoading needed_rows_;
  PretrainingReading reading_;
  UpdateReading update_;
  Slot prediction_rows_, prediction_labels_, masked_scale_, next_labels_, next_scale_, update_scalars_;
};

// How programs are compiled, the same for a whole run.
struct PretrainingCompileOptions {
  Target target;  // programs of an engine take the engine's
  bool next_sentence = true;
  bool needed_rows = true;
  bool fuse = true;
  Recompute recompute = Recompute::none;
  MemoryPlanOptions memory;
  UpdateAttributes update;
  Reduction reduction;
};

// The graph of one program after all passes, as `cloze graph` and `cloze plan` show it.
Graph compiled_pretraining_graph(const BertConfig& config, const ParameterLayout& layout,
                                 const PretrainingCompileOptions& options, const Capacity& capacity,
                                 DType real, bool train, MicroBatch place, const PassObserver& observer = {});

// Compiles programs as they are first needed: one per rung of the ladder and place in a step.
class PretrainingPrograms {
 public:
  PretrainingPrograms(BertConfig config, const ParameterLayout& layout, Engine& engine,
                      PretrainingCompileOptions options)
      : config_(std::move(config)), layout_(layout), engine_(engine), options_(std::move(options)) {
    options_.target = engine.target();
  }

  PretrainingProgram& training(const Capacity& capacity, MicroBatch place) {
    return get(capacity, true, place);
  }
  PretrainingProgram& evaluation(const Capacity& capacity) { return get(capacity, false, {}); }

 private:
  PretrainingProgram& get(const Capacity& capacity, bool train, MicroBatch place);

  BertConfig config_;
  const ParameterLayout& layout_;
  Engine& engine_;
  PretrainingCompileOptions options_;
  ProgramCache<PretrainingProgram> cache_;
};

}  // namespace cloze
