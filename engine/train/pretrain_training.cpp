#include "engine/train/pretrain_training.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/base/log.h"
#include "engine/model/flops.h"
#include "engine/train/pretrain_step.h"

namespace cloze {
namespace {

PretrainingCompileOptions compile_for(const PretrainOptions& options, const ParameterLayout& layout,
                                      const Job& job) {
  PretrainingCompileOptions compile = compile_options(options, layout);
  compile.reduction = job.reduction(layout);
  return compile;
}

}  // namespace

PretrainTraining::PretrainTraining(const PretrainOptions& options, const PretrainSetup& setup, Job& job,
                                   Engine& engine, PretrainReport& report)
    : options_(options),
      setup_(setup),
      job_(job),
      engine_(engine),
      report_(report),
      programs_(setup.config, setup.layout, engine, compile_for(options, setup.layout, job)) {}

int PretrainTraining::train(TrainerPosition& position) {
  const PretrainingStep& batch = batch_of(position.step);
  rate_ = cloze::learning_rate(options_.schedule, options_.optimizer.learning_rate, position.step,
                               options_.training.steps);
  const PretrainingStepInputs inputs =
      step_inputs(options_, batch, position.step, updates_before(position), rate_);
  BatchCounts counts;
  for (size_t i = 0; i < batch.micro_batches.size(); ++i) {
    const PretrainingBatch& micro_batch = batch.micro_batches[i];
    const MicroBatch place{.first = i == 0, .last = i + 1 == batch.micro_batches.size()};
    PretrainingProgram& program = programs_.training(micro_batch.capacity, place);
    program.load(micro_batch, inputs);
    if (place.last) job_.begin_agreement();
    program.run();
    job_.communicator().note_progress();
    late_.keep(program, micro_batch, place.last);
    counts.add(micro_batch.sequences.sequence_offsets, micro_batch.sequences.live_sequences,
               micro_batch.live_predictions);
  }
  report_.add_step(training_flops(setup_.config, counts));
  ++position.step;
  hear(position, steps_behind());
  return job_.agreed_signal();
}

PretrainingLoader& PretrainTraining::loader_for(const TrainingPhase& phase) {
  if (loader_phase_ == &phase) return *loader_;
  loader_.reset();
  evaluation_.reset();
  const auto index = static_cast<size_t>(&phase - setup_.phases.data());
  loader_ =
      std::make_unique<PretrainingLoader>(setup_.train, phase.instances, phase_seed(options_.seed, index),
                                          LoaderOptions{.batch = phase.batch,
                                                        .ladder = phase.ladder,
                                                        .rank = job_.rank(),
                                                        .world = job_.size(),
                                                        .threads = 1});
  loader_phase_ = &phase;
  return *loader_;
}

const PretrainingStep& PretrainTraining::batch_of(int64_t step) {
  const TrainingPhase& phase = phase_of(setup_.phases, step);
  return loader_for(phase).next(options_.training.overfit_one_batch ? 0 : step - phase.begin);
}

// On a GPU a step is read after the next one has begun.
int64_t PretrainTraining::steps_behind() const {
  return engine_.kind() == DeviceKind::cuda ? 1 : 0;
}

// The updates before the step that is about to begin. Where that is behind, the step before it counts as one,
// whether it has been read by now (at a report, after resuming) or not: what the run computes does not depend
// on when it reports.
int64_t PretrainTraining::updates_before(const TrainerPosition& position) const {
  const bool read_as_skipped = late_.unread() == 0 && position.skipped_in_a_row > 0;
  return position.updates + late_.unread() + (steps_behind() > 0 && read_as_skipped ? 1 : 0);
}

// Reads what steps said, but for the last `behind`.
void PretrainTraining::hear(TrainerPosition& position, int64_t behind) {
  while (late_.unread() > behind) {
    const int64_t step = position.step - late_.unread();
    const LateMetrics::Report said = late_.read();
    report_.add(said.metrics);
    gradient_norm_ = said.gradient_norm;
    if (said.skipped) {
      ++position.skipped_in_a_row;
      not_finite(step, position);
    } else {
      ++position.updates, position.skipped_in_a_row = 0;
    }
  }
}

// Ends the run as configured.
void PretrainTraining::not_finite(int64_t step, const TrainerPosition& position) {
  std::string culprit = job_.first_of(first_not_finite(step, position.updates));
  if (culprit.empty()) culprit = "the sum of all gradients";
  skip_or_stop({.what = fmt::format("step {}: a gradient is not finite; first seen in {}", step, culprit),
                .output = options_.output,
                .remedy = "a smaller learning rate or a longer warm-up, from the last checkpoint",
                .policy = options_.training.non_finite,
                .in_a_row = position.skipped_in_a_row,
                .most = options_.training.max_skipped_steps});
}

// The first tensor that is not finite, in the step's micro-batches with the parameters as they are now; empty
// where this rank has none.
std::string PretrainTraining::first_not_finite(int64_t step, int64_t updates) {
  const PretrainingStep& batch = batch_of(step);
  const PretrainingStepInputs inputs = step_inputs(options_, batch, step, updates, 0);
  for (const PretrainingBatch& micro_batch : batch.micro_batches) {
    PretrainingProgram& program = programs_.training(micro_batch.capacity, {.first = true, .last = false});
    program.load(micro_batch, inputs);
    if (const auto found = program.executable().first_non_finite()) return *found;
  }
  return {};
}

PretrainingMetrics PretrainTraining::evaluate(int64_t step) {
  if (!evaluation_) {
    const TrainingPhase& phase = phase_of(setup_.phases, std::max<int64_t>(0, step - 1));
    evaluation_ = std::make_unique<PretrainEvaluation>(setup_.validation, log_frequencies(*setup_.train),
                                                       phase, options_.evaluation.sequences,
                                                       options_.evaluation.seed, 1, job_.rank(), job_.size());
  }
  return job_.sum(evaluation_->run(programs_, [this] { job_.communicator().note_progress(); }));
}

void PretrainTraining::show_examples() {
  const TrainingPhase& phase = setup_.phases[0];
  PretrainingLoader& loader = loader_for(phase);
  Instance instance;
  int shown = 0;
  for (const InstanceReference& reference : loader.plan().batch(0, phase.batch)) {
    if (shown++ == options_.log.examples) break;
    loader.maker().make(reference, instance);
    log::info("{}", show_example(instance, phase.instances, setup_.train->vocabulary()));
  }
}

}  // namespace cloze
