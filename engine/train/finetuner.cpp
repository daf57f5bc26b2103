#include "engine/train/finetuner.h"

#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/clock.h"
#include "engine/base/cpu_info.h"
#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/signals.h"
#include "engine/checkpoint/checkpoint_store.h"
#include "engine/config/config.h"
#include "engine/parallel/process_identity.h"
#include "engine/train/finetune_files.h"
#include "engine/train/finetune_position.h"
#include "engine/train/finetune_report.h"
#include "engine/train/finetune_results.h"
#include "engine/train/finetune_setup.h"
#include "engine/train/finetune_training.h"
#include "engine/train/further_pretraining.h"
#include "engine/train/resume_check.h"
#include "engine/train/run_facts.h"
#include "engine/train/run_setup.h"
#include "kernels/common/parallel.h"

namespace cloze {
namespace {

// One run: further pretraining where it is asked for, then steps, evaluations and checkpoints, then the
// results.
class FinetuneRun {
 public:
  FinetuneRun(const FinetuneOptions& options, ExistingRun existing)
      : options_(options),
        threads_(thread_number(options.threads)),
        precision_(run_precision(options.precision, architecture_of(device_kind(options.device)))),
        pretrained_(open_model(options.model.from, {.lowercase = options.model.lowercase})) {
    set_thread_count(threads_);
    check_further_pretraining(options_, pretrained_);
    files_ = read_finetuning_files(options_, pretrained_, threads_);
    model_ = finetuning_model(options_, finetune_config(options_, pretrained_.config().bert),
                              files_.reading.task, files_.reading.labels);
    layout_ = finetuning_parameters(model_.config, model_.head);
    if (existing == ExistingRun::resume) check_resume(options_);
    const Retention retention{.keep_last = options_.checkpoint.keep,
                              .best = best_by()};  // throws before a folder is made
    folder_.emplace(options_.output, existing, config::dump(options_));
    store_.emplace(options_.output, retention);
  }

  int run() {
    if (const int signal = adapt(); signal != 0) return signal;
    start();
    while (step() < training_->steps() && !stops_early()) {
      train_step();
      const bool finished = step() == training_->steps();
      if (step() % options_.log.every == 0 || finished)
        report_->show_interval(position_.training, training_->steps());
      const int signal = interrupted();
      const bool evaluate_now =
          files_.validation && signal == 0 && (finished || step() % evaluation_every() == 0);
      if (evaluate_now) evaluate();
      const bool save_due =
          options_.checkpoint.every > 0 ? step() % options_.checkpoint.every == 0 : evaluate_now;
      if (save_due || finished || signal != 0 || stops_early()) save(finished || signal != 0);
      if (signal != 0) {
        log::info("stopped by signal {} at step {}; go on with --resume", signal, step());
        return signal;
      }
    }
    training_.reset();  // the best checkpoint is loaded next: both need not fit
    write_finetuning_results(options_, files_);
    log::info("done: {} steps, the model is in {}", step(), options_.output.string());
    return 0;
  }

 private:
  int64_t step() const { return position_.training.step; }
  int64_t evaluation_every() const { return options_.evaluation.every.value_or(training_->epoch_steps()); }
  bool stops_early() const {
    return options_.evaluation.patience > 0 && position_.evaluations_since >= options_.evaluation.patience;
  }

  std::optional<BestBy> best_by() const {
    if (!files_.validation) return std::nullopt;
    const TaskScore metric = best_metric(options_, files_);
    if (!options_.checkpoint.keep_best) return std::nullopt;
    return BestBy{"eval_" + metric.name, metric.less_is_better ? Better::lower : Better::higher};
  }

  // Further pretraining, unless fine-tuning has begun already.
  int adapt() {
    if (options_.further_pretraining.steps == 0 || !store_->steps().empty()) return 0;
    const int signal = further_pretrain(options_, pretrained_, files_);
    folder_->take_log();
    if (signal != 0) return signal;
    log_further_pretraining(options_, files_);
    adapted_.emplace(open_model(further_pretraining_run(options_)));
    return 0;
  }

  void start() {
    training_.emplace(options_, model_, layout_, files_, precision_);
    log::info("{}; {} threads", cpu_info().text(), threads_);
    announce_gpu(training_->engine(), precision_);
    log::info("***** Running training *****");
    log::info("  Num examples = {}", files_.training->examples());
    log::info("  Batch size = {}", options_.batch.sequences);
    log::info("  Num steps = {}", training_->steps());
    load_weights();
    report_.emplace(folder_->metrics_file(), options_, step());
    write_facts();
    if (step() == 0) show_examples();
  }

  void load_weights() {
    if (const auto checkpoint = folder_->starting_point(*store_)) {
      training_->load(*checkpoint);
      position_ = finetune_position_from(checkpoint->trainer_state());
      log::info("going on at step {}", step());
      if (stops_early()) log::info("it had stopped early; a larger evaluation.patience lets it go on");
      return;
    }
    training_->load_pretrained(pretrained_);
    if (adapted_) training_->load_encoder(*adapted_);
    adapted_.reset();
  }

  void show_examples() {
    const auto count = std::min(static_cast<size_t>(options_.log.examples), files_.training->size());
    for (size_t i = 0; i < count; ++i) log::info("{}", files_.training->show(i, "train"));
  }

  void train_step() {
    const FinetuneStep done = training_->train(position_.training);
    report_->add(done);
    TrainerPosition& position = position_.training;
    if (done.skipped) {
      ++position.skipped_in_a_row;
      skip_or_stop({.what = fmt::format("step {}: a gradient is not finite", position.step),
                    .output = options_.output,
                    .remedy = "a smaller learning rate, from the last checkpoint",
                    .policy = options_.training.non_finite,
                    .in_a_row = position.skipped_in_a_row,
                    .most = options_.training.max_skipped_steps});
    } else {
      ++position.updates, position.skipped_in_a_row = 0;
    }
    ++position.step;
  }

  void evaluate() {
    const double began = seconds_now();
    const TaskOutputs outputs = training_->infer(*files_.validation);
    const double seconds = seconds_now() - began;
    const std::vector<TaskScore> scores = files_.validation->score(outputs);
    report_->show_evaluation(step(), outputs, scores, seconds);
    const TaskScore& score = scored_by(options_, scores);
    score_ = score.value;
    position_.note(score);
    if (stops_early()) {
      log::info("{} has not become better in {} evaluations: the run stops early", score.name,
                position_.evaluations_since);
    }
  }

  void write_facts() const {
    write_run_facts(options_.output, run_facts("fine-tuning", training_->engine(), layout_.count(),
                                               layout_.elements(), threads_, 1));
  }

  // A full disk must not cost the run: what was saved before stays, and training goes on.
  void save(bool last_chance) {
    const SavedState state = training_->saved();
    CheckpointContents contents{.config = finetuned_config(model_, files_.reading.labels),
                                .tokenizer = pretrained_.tokenizer(),
                                .parameters = state.parameters,
                                .optimizer = state.optimizer,
                                .step = step(),
                                .memory = state.memory};
    if (const auto best = best_by(); best && std::isfinite(score_))
      contents.score = Score{best->metric, score_};
    report_->clear_progress();
    try {
      store_->save(contents, to_json(position_));
      write_facts();
      log::info("saved {}", store_->folder_of(step()).string());
    } catch (const Error& error) {
      if (last_chance) throw;
      log::error("the checkpoint of step {} could not be written, the run goes on: {}", step(), error.what());
    }
  }

  const FinetuneOptions& options_;
  const int threads_;
  const Precision precision_;
  Checkpoint pretrained_;
  std::optional<Checkpoint> adapted_;  // by further pretraining, until its weights are loaded
  FinetuningFiles files_;
  FinetuningModel model_;
  ParameterLayout layout_;
  std::optional<RunFolder> folder_;
  std::optional<CheckpointStore> store_;
  std::optional<FinetuneTraining> training_;
  std::optional<FinetuneReport> report_;
  FinetunePosition position_;
  double score_ = std::nan("");  // of the last evaluation
};

int finetune_seeds(const FinetuneOptions& options, ExistingRun existing) {
  std::vector<SeedResult> results;
  for (const uint64_t seed : options.training.seeds) {
    FinetuneOptions one = options;
    one.seed = seed;
    one.training.seeds.clear();
    one.output = options.output / fmt::format("seed-{}", seed);
    log::info("seed {}", seed);
    if (const int signal = FinetuneRun(one, existing).run(); signal != 0) return signal;
    results.push_back({seed, read_evaluation_results(one.output)});
  }
  write_seed_summary(options.output, results);
  return 0;
}

}  // namespace

int finetune(const FinetuneOptions& options, ExistingRun existing) {
  if (const ProcessIdentity identity = process_identity(); identity.size > 1) {
    throw UsageError({.what = "fine-tuning runs in one process",
                      .where = identity.source,
                      .why = fmt::format("this is one of {} processes", identity.size),
                      .remedy = "start `cloze finetune` by itself; pretraining takes many processes"});
  }
  const SignalWatch signals;  // before the first thread that computes
  if (!options.training.seeds.empty()) return finetune_seeds(options, existing);
  return FinetuneRun(options, existing).run();
}

}  // namespace cloze
