#include "engine/train/pretrainer.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "engine/base/cpu_info.h"
#include "engine/base/crc32c.h"
#include "engine/base/log.h"
#include "engine/base/signals.h"
#include "engine/config/config.h"
#include "engine/model/flops.h"
#include "engine/tasks/late_steps.h"
#include "engine/train/evaluation.h"
#include "engine/train/job.h"
#include "engine/train/machine_peak.h"
#include "engine/train/pretrain_checkpoints.h"
#include "engine/train/pretrain_report.h"
#include "engine/train/pretrain_setup.h"
#include "engine/train/pretrain_step.h"
#include "engine/train/run_facts.h"
#include "engine/train/run_setup.h"
#include "engine/train/shared_state.h"
#include "engine/train/starting_weights.h"
#include "kernels/common/parallel.h"
#include "kernels/linear/open_cuda.h"

namespace cloze {
namespace {

// What must be equal on all processes of a job.
std::string fingerprint(const PretrainOptions& options, const Corpus& train) {
  return fmt::format("{:08x} {} {}", crc32c(config::dump(options)), train.manifest().vocabulary_digest,
                     train.tokens());
}

class PretrainRun {
 public:
  PretrainRun(const PretrainOptions& options, ExistingRun existing)
      : options_(options),
        job_(options.cluster),
        threads_(thread_number(options.threads, job_.local_size())),
        precision_(run_precision(options.precision, architecture_of(device_kind(options.device)))),
        setup_(pretrain_setup(options)),
        report_(job_, options) {
    set_thread_count(threads_);
    require_device_for_many();
    for (const TrainingPhase& phase : setup_.phases) require_share_for_each(phase.batch, job_.size());
    open_engine();  // before a folder is made
    if (job_.leads()) checkpoints_.emplace(options, setup_, existing, job_.shards_optimizer());
    job_.join(options.output, fingerprint(options, *setup_.train), computes_on(), *engine_);
  }

  // Whatever ends this process early is told to the others.
  int run() {
    try {
      return run_to_the_end();
    } catch (const std::exception& error) {
      job_.communicator().abort(error.what());
      throw;
    }
  }

 private:
  int run_to_the_end() {
    start();
    int signal = 0;
    while (position_.step < options_.training.steps) {
      signal = train_step();
      const int64_t step = position_.step;
      const bool finished = step == options_.training.steps;
      const bool report_due = step % options_.log.every == 0 || finished;
      const bool save_due =
          finished || signal != 0 || (options_.checkpoint.every > 0 && step % options_.checkpoint.every == 0);
      if (report_due || save_due) hear_of_steps(0);
      if (report_due) report_.show_interval(position_, rate_, gradient_norm_);
      if (setup_.validation && signal == 0 &&
          (finished || step % options_.evaluation.every == 0 || (save_due && scores_checkpoints())))
        evaluate();
      if (save_due) save(finished || signal != 0);
      tell_of_written_checkpoint();
      if (signal != 0) break;
    }
    job_.communicator().barrier();  // the last checkpoint is there for all
    if (signal != 0) {
      log::info("stopped by signal {} at step {}; go on with --resume", signal, position_.step);
      return signal;
    }
    log::info("done: {} steps, the model is in {}", position_.step, (options_.output / "latest").string());
    return 0;
  }

  void require_device_for_many() const {
    if (job_.size() == 1 || options_.device != DeviceOption::reference) return;
    throw UsageError({.what = "the reference device computes in one process only",
                      .where = "device",
                      .why = fmt::format("there are {} processes", job_.size()),
                      .remedy = "device: cpu"});
  }

  void open_engine() {
    const DeviceKind kind = device_kind(options_.device);
    const int gpu = kind == DeviceKind::cuda ? gpu_number(job_.local_rank(), visible_gpus()) : 0;
    engine_ =
        make_engine(kind, setup_.layout.elements(), true, precision_, job_.own_moments(setup_.layout), gpu);
  }

  std::string computes_on() const {
    if (engine_->kind() == DeviceKind::cuda) return engine_->device_name();
    return fmt::format("CPU, {} threads", threads_);
  }

  bool scores_checkpoints() const { return options_.checkpoint.keep_best && setup_.validation != nullptr; }

  void start() {
    const BertConfig& config = setup_.config;
    PretrainingCompileOptions compile = compile_options(options_, setup_.layout);
    compile.reduction = job_.reduction(setup_.layout);
    state_.emplace(job_.communicator(), job_.sharded_buckets(setup_.layout));
    programs_ = std::make_unique<PretrainingPrograms>(config, setup_.layout, *engine_, std::move(compile));
    late_.emplace();
    log::info("{}; {} threads", cpu_info().text(), threads_);
    if (job_.leads()) announce_gpu(*engine_, precision_);
    log::info("model: {} layers, hidden {}, {} heads, vocabulary {}; {} parameters", config.layers,
              config.hidden_size, config.heads, config.vocabulary_size, setup_.layout.count());
    for (const std::string& warning :
         schedule_warnings(options_.schedule, options_.optimizer.learning_rate, options_.training.steps)) {
      log::warning("{}", warning);
    }
    if (job_.leads()) lead_the_start();
    begin_alike();
    if (position_.step != 0) return;
    if (job_.leads()) show_examples();
    if (setup_.validation && options_.model.initialize_from) evaluate();  // what the model knew before
  }

  void lead_the_start() {
    const Job::Busy busy(job_);
    const auto restored = checkpoints_->restore(*engine_);
    position_ = restored ? *restored
                         : write_starting_weights(options_, setup_, *engine_, [this](const auto& moments) {
                             checkpoints_->take_moments(*engine_, moments);
                           });
    if (position_.step >= options_.training.steps)
      log::info("all {} steps are done already", options_.training.steps);
    report_.open(checkpoints_->metrics_file(), position_.step, job_.size() * matmul_peak());
    write_facts();
  }

  double matmul_peak() const {
    Cuda* gpu = engine_->cuda();
    return gpu != nullptr ? measured_matmul_peak(*gpu, precision_) : measured_matmul_peak(precision_);
  }

  // All ranks go on from what rank 0 has read or drawn.
  void begin_alike() {
    position_ = position_from(nlohmann::json::parse(job_.share(to_json(position_).dump())));
    state_->spread(*engine_, setup_.layout.elements(), snapshot());
    report_.begin_interval();
  }

  void show_examples() {
    PretrainingLoader& loader = loader_for(0);
    Instance instance;
    int shown = 0;
    for (const InstanceReference& reference : loader.plan().batch(0, setup_.phases[0].batch)) {
      if (shown++ == options_.log.examples) break;
      loader.maker().make(reference, instance);
      log::info("{}", show_example(instance, setup_.phases[0].instances, setup_.train->vocabulary()));
    }
  }

  PretrainingLoader& loader_for(size_t phase) {
    if (!loader_ || loader_phase_ != phase) {
      loader_.reset();
      const TrainingPhase& stretch = setup_.phases[phase];
      loader_ = std::make_unique<PretrainingLoader>(setup_.train, stretch.instances,
                                                    phase_seed(options_.seed, phase),
                                                    LoaderOptions{.batch = stretch.batch,
                                                                  .ladder = stretch.ladder,
                                                                  .rank = job_.rank(),
                                                                  .world = job_.size(),
                                                                  .threads = 1});
      loader_phase_ = phase;
      evaluation_.reset();
    }
    return *loader_;
  }

  // Returns the signal that asks to stop after this step, or 0.
  int train_step() {
    const auto& phase = phase_of(setup_.phases, position_.step);
    PretrainingLoader& loader = loader_for(static_cast<size_t>(&phase - setup_.phases.data()));
    const PretrainingStep& batch =
        loader.next(options_.training.overfit_one_batch ? 0 : position_.step - phase.begin);
    rate_ = learning_rate(options_.schedule, options_.optimizer.learning_rate, position_.step,
                          options_.training.steps);
    const PretrainingStepInputs inputs =
        step_inputs(options_, batch, position_.step, updates_before(), rate_);

    BatchCounts counts;
    for (size_t i = 0; i < batch.micro_batches.size(); ++i) {
      const PretrainingBatch& micro_batch = batch.micro_batches[i];
      const MicroBatch place{.first = i == 0, .last = i + 1 == batch.micro_batches.size()};
      PretrainingProgram& program = programs_->training(micro_batch.capacity, place);
      program.load(micro_batch, inputs);
      if (place.last) job_.begin_agreement();
      program.run();
      job_.communicator().note_progress();
      late_->keep(program, micro_batch, place.last);
      counts.add(micro_batch.sequences.sequence_offsets, micro_batch.sequences.live_sequences,
                 micro_batch.live_predictions);
    }
    report_.add_step(training_flops(setup_.config, counts));
    ++position_.step;
    hear_of_steps(steps_behind());
    return job_.agreed_signal();
  }

  // On a GPU a step is read after the next one has begun.
  int64_t steps_behind() const { return engine_->kind() == DeviceKind::cuda ? 1 : 0; }

  // The updates before the step that is about to begin. Where that is behind, the step before it counts as
  // one, whether it has been read by now (at a report, after resuming) or not: what the run computes does not
  // depend on when it reports.
  int64_t updates_before() const {
    const bool read_as_skipped = late_->unread() == 0 && position_.skipped_in_a_row > 0;
    return position_.updates + late_->unread() + (steps_behind() > 0 && read_as_skipped ? 1 : 0);
  }

  // Reads what steps said, but for the last `behind`.
  void hear_of_steps(int64_t behind) {
    while (late_->unread() > behind) {
      const int64_t step = position_.step - late_->unread();
      const LateMetrics::Report said = late_->read();
      report_.add(said.metrics);
      gradient_norm_ = said.gradient_norm;
      if (said.skipped) {
        not_finite(step);
      } else {
        ++position_.updates, position_.skipped_in_a_row = 0;
      }
    }
  }

  // Names the first tensor that is not finite, looking through the step's micro-batches with the parameters
  // as they are now; ends the run as configured.
  void not_finite(int64_t step) {
    ++position_.skipped_in_a_row;
    const auto& phase = phase_of(setup_.phases, step);
    const PretrainingStep& batch = loader_for(static_cast<size_t>(&phase - setup_.phases.data()))
                                       .next(options_.training.overfit_one_batch ? 0 : step - phase.begin);
    const PretrainingStepInputs inputs = step_inputs(options_, batch, step, position_.updates, 0);
    std::string culprit;
    for (const PretrainingBatch& micro_batch : batch.micro_batches) {
      PretrainingProgram& program = programs_->training(micro_batch.capacity, {.first = true, .last = false});
      program.load(micro_batch, inputs);
      if (const auto found = program.executable().first_non_finite()) {
        culprit = *found;
        break;
      }
    }
    culprit = job_.first_of(culprit);
    if (culprit.empty()) culprit = "the sum of all gradients";
    skip_or_stop({.what = fmt::format("step {}: a gradient is not finite; first seen in {}", step, culprit),
                  .output = options_.output,
                  .remedy = "a smaller learning rate or a longer warm-up, from the last checkpoint",
                  .policy = options_.training.non_finite,
                  .in_a_row = position_.skipped_in_a_row,
                  .most = options_.training.max_skipped_steps});
  }

  void evaluate() {
    const auto& phase = phase_of(setup_.phases, std::max<int64_t>(0, position_.step - 1));
    if (!evaluation_) {
      evaluation_ = std::make_unique<PretrainEvaluation>(
          setup_.validation, log_frequencies(*setup_.train), phase, options_.evaluation.sequences,
          options_.evaluation.seed, 1, job_.rank(), job_.size());
    }
    const PretrainReport::Pause pause(report_);
    const PretrainingMetrics metrics =
        job_.sum(evaluation_->run(*programs_, [this] { job_.communicator().note_progress(); }));
    if (!job_.leads()) return;
    report_.show_evaluation(position_.step, metrics);
    checkpoints_->note_score(metrics.mask_token_loss());
  }

  StateSnapshot* snapshot() { return checkpoints_ ? checkpoints_->snapshot() : nullptr; }  // rank 0's

  void save(bool last) {
    std::optional<Job::Busy> busy;
    if (job_.leads()) {
      busy.emplace(job_);
      report_.clear_progress();
      checkpoints_->make_room(position_.step);
    }
    if (state_->sharded()) state_->gather_moments(*engine_, snapshot());
    if (job_.leads()) checkpoints_->save(*engine_, position_, last);
    if (job_.leads() && last) write_facts();
  }

  void write_facts() const {
    write_run_facts(options_.output, run_facts("pretraining", *engine_, setup_.layout.count(),
                                               setup_.layout.elements(), threads_, job_.size()));
  }

  // What another thread has written is told by this one, between two progress lines.
  void tell_of_written_checkpoint() {
    if (!checkpoints_ || !checkpoints_->has_news()) return;
    report_.clear_progress();
    checkpoints_->log_written();
  }

  const PretrainOptions& options_;
  std::unique_ptr<Engine> engine_;  // outlives the job's communicator
  Job job_;
  const int threads_;
  const Precision precision_;
  const PretrainSetup setup_;
  std::optional<PretrainCheckpoints> checkpoints_;  // rank 0
  std::optional<SharedState> state_;
  std::unique_ptr<PretrainingPrograms> programs_;
  std::optional<LateSteps> late_;
  std::unique_ptr<PretrainingLoader> loader_;
  size_t loader_phase_ = 0;
  std::unique_ptr<PretrainEvaluation> evaluation_;
  PretrainReport report_;
  TrainerPosition position_;
  double rate_ = 0, gradient_norm_ = 0;
};

}  // namespace

int pretrain(const PretrainOptions& options, ExistingRun existing) {
  const SignalWatch signals;  // before the first thread that computes
  return pretrain_within(options, existing);
}

int pretrain_within(const PretrainOptions& options, ExistingRun existing) {
  return PretrainRun(options, existing).run();
}

}  // namespace cloze
