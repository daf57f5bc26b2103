#include "engine/train/pretrainer.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "engine/base/cpu_info.h"
#include "engine/base/crc32c.h"
#include "engine/base/log.h"
#include "engine/base/signals.h"
#include "engine/config/config.h"
#include "engine/model/encoder_scaling.h"
#include "engine/train/job.h"
#include "engine/train/machine_peak.h"
#include "engine/train/pretrain_checkpoints.h"
#include "engine/train/pretrain_report.h"
#include "engine/train/pretrain_setup.h"
#include "engine/train/pretrain_training.h"
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
      signal = training_->train(position_);
      const int64_t step = position_.step;
      const bool finished = step == options_.training.steps;
      const bool report_due = step % options_.log.every == 0 || finished;
      const bool save_due =
          finished || signal != 0 || (options_.checkpoint.every > 0 && step % options_.checkpoint.every == 0);
      if (report_due || save_due) training_->catch_up(position_);
      if (report_due)
        report_.show_interval(position_, training_->learning_rate(), training_->gradient_norm());
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
    engine_ = make_engine(kind, setup_.layout.elements(),
                          {.training = true,
                           .precision = precision_,
                           .moments = job_.own_moments(setup_.layout),
                           .gpu = gpu,
                           .state = encoder_scaling(setup_.layout, precision_).state()});
    choose_attention(options_.training.attention, *engine_);
  }

  std::string computes_on() const {
    if (engine_->kind() == DeviceKind::cuda) return engine_->device_name();
    return fmt::format("CPU, {} threads", threads_);
  }

  bool scores_checkpoints() const { return options_.checkpoint.keep_best && setup_.validation != nullptr; }

  void start() {
    const BertConfig& config = setup_.config;
    state_.emplace(job_.communicator(), job_.sharded_buckets(setup_.layout));
    training_.emplace(options_, setup_, job_, *engine_, report_);
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
    if (job_.leads()) training_->show_examples();
    if (setup_.validation && options_.model.initialize_from) evaluate();  // what the model knew before
  }

  void lead_the_start() {
    const Job::Busy busy(job_);
    const auto restored = checkpoints_->restore(*engine_);
    position_ = restored ? *restored
                         : write_starting_weights(options_, setup_, *engine_, [this](const auto& moments) {
                             checkpoints_->take_optimizer(*engine_, moments);
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

  void evaluate() {
    const PretrainReport::Pause pause(report_);
    const PretrainingMetrics metrics = training_->evaluate(position_.step);
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
  PretrainReport report_;
  std::optional<PretrainTraining> training_;
  TrainerPosition position_;
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
