#include "engine/train/planned_run.h"

#include <algorithm>
#include <filesystem>

#include "engine/data/corpus_manifest.h"
#include "engine/graph/memory_plan.h"
#include "engine/tasks/pretraining_program.h"

namespace cloze {
namespace {

// Where bisection stops: no device holds more.
constexpr int64_t most_sequences = int64_t{1} << 20;

int64_t input_bytes(const Graph& graph) {
  int64_t bytes = 0;
  for (const ValueId id : graph.inputs()) bytes += graph.type(id).bytes();
  return bytes;
}

}  // namespace

Capacity full_capacity(const TrainingPhase& phase, int64_t sequences) {
  return {.tokens = sequences * phase.instances.max_sequence_length,
          .sequences = sequences,
          .predictions = sequences * phase.instances.max_predictions};
}

PlannedRun plan_run(const PretrainOptions& options, const Target& target) {
  PlannedRun run{.target = target,
                 .phases = resolve_phases(options),
                 .has_corpus = std::filesystem::exists(options.data.train)};
  const int64_t vocabulary =
      run.has_corpus ? read_corpus_manifest(options.data.train / CorpusFiles::manifest).vocabulary_size
                     : assumed_vocabulary;
  run.config = bert_config(options.model, vocabulary, run.phases);
  run.layout = pretraining_layout(options, run.config);
  return run;
}

Graph training_graph(const PretrainOptions& options, const PlannedRun& run, const Capacity& capacity,
                     MicroBatch place, const PassObserver& observer) {
  PretrainingCompileOptions compile = compile_options(options, run.layout);
  compile.target = run.target;
  compile.reduction = run.reduction;
  return compiled_pretraining_graph(run.config, run.layout, compile, capacity, DType::f32, true, place,
                                    observer);
}

WorkingMemory working_memory(const PretrainOptions& options, const PlannedRun& run,
                             const Capacity& capacity) {
  WorkingMemory memory;
  for (const MicroBatch place : {MicroBatch{true, true}, MicroBatch{false, true}}) {
    const Graph graph = training_graph(options, run, capacity, place);
    memory.arena = std::max(memory.arena, plan_memory(graph).arena_bytes);
    memory.inputs = std::max(memory.inputs, input_bytes(graph));
  }
  return memory;
}

int64_t largest_batch(const PretrainOptions& options, const PlannedRun& run, const TrainingPhase& phase,
                      int64_t bytes) {
  const auto fits = [&](int64_t sequences) {
    return working_memory(options, run, full_capacity(phase, sequences)).total() <= bytes;
  };
  int64_t fitting = 0, failing = 1;
  while (failing < most_sequences && fits(failing)) {
    fitting = failing;
    failing *= 2;
  }
  while (failing - fitting > std::max<int64_t>(1, fitting / 64)) {
    const int64_t middle = fitting + (failing - fitting) / 2;
    (fits(middle) ? fitting : failing) = middle;
  }
  return fitting;
}

}  // namespace cloze
