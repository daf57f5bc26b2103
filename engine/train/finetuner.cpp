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
#include "engine/tasks/task_loader.h"
#include "engine/train/finetune_files.h"
#include "engine/train/finetune_results.h"
#include "engine/train/finetune_setup.h"
#include "engine/train/finetuned_model.h"
#include "engine/train/further_pretraining.h"
#include "engine/train/model_state.h"
#include "engine/train/resume_check.h"
#include "engine/train/run_facts.h"
#include "engine/train/run_report.h"
#include "engine/train/run_setup.h"
#include "kernels/common/parallel.h"

namespace cloze {
namespace {

constexpr uint32_t dropout_purpose = 2;

// int(examples / batch * epochs), as run_classifier.py counts (google-research/bert).
int64_t total_steps(const FinetuneOptions& options, size_t examples) {
  if (options.training.steps) return *options.training.steps;
  const double steps =
      static_cast<double>(examples) / static_cast<double>(options.batch.sequences) * options.training.epochs;
  return std::max<int64_t>(1, static_cast<int64_t>(steps));
}

// Sums between two reports.
struct Interval {
  double loss = 0, began = seconds_now();
  int64_t steps = 0, tokens = 0;
};

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
    while (step_ < steps_ && !stopped_early_) {
      train_step();
      const bool finished = step_ == steps_;
      if (step_ % options_.log.every == 0 || finished) report();
      const int signal = interrupted();
      const bool evaluate_now =
          files_.validation && signal == 0 && (finished || step_ % evaluation_every_ == 0);
      if (evaluate_now) evaluate();
      const bool save_due =
          options_.checkpoint.every > 0 ? step_ % options_.checkpoint.every == 0 : evaluate_now;
      if (save_due || finished || signal != 0 || stopped_early_) save(finished || signal != 0);
      if (signal != 0) {
        log::info("stopped by signal {} at step {}; go on with --resume", signal, step_);
        return signal;
      }
    }
    loader_.reset();
    programs_.reset();  // the best checkpoint is loaded next: both need not fit
    engine_.reset();
    write_finetuning_results(options_, files_);
    log::info("done: {} steps, the model is in {}", step_, options_.output.string());
    return 0;
  }

 private:
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
    engine_ = make_engine(device_kind(options_.device), layout_.elements(), true, precision_);
    programs_ = std::make_unique<FinetuningPrograms>(model_, layout_, *engine_,
                                                     finetune_compile_options(options_, model_, layout_));
    loader_ = std::make_unique<TaskLoader>(
        *files_.training, model_.form(),
        TaskLoaderOptions{.batch = options_.batch.sequences,
                          .micro_batch_tokens = options_.batch.micro_batch_tokens,
                          .shuffle = options_.training.shuffle,
                          .seed = options_.seed});
    steps_ = total_steps(options_, files_.training->examples());
    const double epoch =
        static_cast<double>(files_.training->examples()) / static_cast<double>(options_.batch.sequences);
    evaluation_every_ = options_.evaluation.every.value_or(std::max<int64_t>(1, std::llround(epoch)));
    log::info("{}; {} threads", cpu_info().text(), threads_);
    announce_gpu(*engine_, precision_);
    log::info("***** Running training *****");
    log::info("  Num examples = {}", files_.training->examples());
    log::info("  Batch size = {}", options_.batch.sequences);
    log::info("  Num steps = {}", steps_);
    if (!restore()) fresh_weights();
    report_.emplace(folder_->metrics_file(), options_.output, options_.log.tensorboard, step_);
    write_facts();
    if (step_ == 0) show_examples();
  }

  bool restore() {
    const auto checkpoint = folder_->starting_point(*store_);
    if (!checkpoint) return false;
    require_complete(load_parameters(*engine_, layout_, checkpoint->parameters()));
    load_moments(*engine_, layout_, *checkpoint->optimizer());
    const nlohmann::json state = checkpoint->trainer_state();
    step_ = state.at("step");
    updates_ = state.at("updates");
    skipped_in_a_row_ = state.at("skipped_in_a_row");
    worse_in_a_row_ = state.at("worse_in_a_row");
    if (!state.at("best").is_null()) best_ = state.at("best").get<double>();
    log::info("going on at step {}", step_);
    return true;
  }

  // BERT's initialisation, then what the pretrained model has: all of the encoder, hardly ever the head.
  void fresh_weights() {
    initialize_parameters(*engine_, layout_, options_.seed, [&](const std::string& name) {
      return is_of_head(model_.head, name) ? model_.head.initializer_range : model_.config.initializer_range;
    });
    const LoadReport report = load_parameters(*engine_, layout_, pretrained_.parameters());
    require_encoder(report, model_.config.layers);
    log::info("{}", to_string(report));
    if (!adapted_) return;
    require_encoder(load_parameters(*engine_, layout_, adapted_->parameters()), model_.config.layers);
    log::info("the encoder is that of further pretraining: {}", adapted_->folder().string());
    adapted_.reset();
  }

  void show_examples() {
    const auto count = std::min(static_cast<size_t>(options_.log.examples), files_.training->size());
    for (size_t i = 0; i < count; ++i) log::info("{}", files_.training->show(i, "train"));
  }

  void train_step() {
    const TaskStep& batch = loader_->next(step_);
    rate_ = learning_rate(options_.schedule, options_.optimizer.learning_rate, step_, steps_);
    FinetuningStepInputs inputs{
        .label_weight = batch.label_weight,
        .dropout_key = derive_key(options_.seed, dropout_purpose, static_cast<uint64_t>(step_))};
    const auto scalars = optimizer_scalars(options_.optimizer, rate_, updates_);
    for (size_t i = 0; i < scalars.size(); ++i) inputs.update_scalars[i] = static_cast<float>(scalars[i]);
    double loss = 0;
    bool skipped = false;
    for (size_t i = 0; i < batch.micro_batches.size(); ++i) {
      const TaskBatch& micro_batch = batch.micro_batches[i];
      const MicroBatch place{.first = i == 0, .last = i + 1 == batch.micro_batches.size()};
      FinetuningProgram& program = programs_->training(micro_batch.capacity, place);
      program.load(micro_batch, inputs);
      program.run();
      loss += program.loss_sum(micro_batch);
      interval_.tokens += micro_batch.sequences.live_tokens;
      if (!place.last) continue;
      gradient_norm_ = program.gradient_norm();
      skipped = program.skipped();
    }
    interval_.loss += batch.label_weight > 0 ? loss / batch.label_weight : 0;
    ++interval_.steps;
    if (skipped) {
      not_finite();
    } else {
      ++updates_, skipped_in_a_row_ = 0;
    }
    ++step_;
  }

  void not_finite() {
    ++skipped_in_a_row_;
    skip_or_stop({.what = fmt::format("step {}: a gradient is not finite", step_),
                  .output = options_.output,
                  .remedy = "a smaller learning rate, from the last checkpoint",
                  .policy = options_.training.non_finite,
                  .in_a_row = skipped_in_a_row_,
                  .most = options_.training.max_skipped_steps});
  }

  void report() {
    const double seconds = seconds_now() - interval_.began;
    const auto steps = static_cast<double>(interval_.steps);
    const ProgressReport line{.step = step_,
                              .total_steps = steps_,
                              .loss = interval_.loss / steps,
                              .learning_rate = rate_,
                              .tokens_per_second = static_cast<double>(interval_.tokens) / seconds,
                              .seconds_per_step = seconds / steps};
    report_->show(line);
    report_->record(step_, "train",
                    {{"loss", line.loss},
                     {"learning_rate", rate_},
                     {"gradient_norm", gradient_norm_},
                     {"tokens_per_second", line.tokens_per_second},
                     {"skipped_steps", static_cast<double>(step_ - updates_)}});
    interval_ = {};
  }

  void evaluate() {
    const double began = seconds_now();
    const TaskOutputs outputs =
        infer(*programs_, *files_.validation, options_.evaluation.batch, options_.batch.micro_batch_tokens);
    interval_.began += seconds_now() - began;  // evaluation is not training time
    const std::vector<TaskScore> scores = files_.validation->score(outputs);
    std::string line = fmt::format("evaluation at step {}:", step_);
    if (outputs.loss > 0) line += fmt::format(" loss {:.4f}", outputs.loss);
    std::vector<std::pair<std::string, double>> values{{"loss", outputs.loss}};
    for (const TaskScore& score : scores) {
      line += fmt::format(" {} {:.4f}", score.name, score.value);
      values.emplace_back(score.name, score.value);
    }
    report_->clear_progress();
    log::info("{}", line);
    report_->record(step_, "eval", values);
    keep_track(scored_by(options_, scores));
  }

  void keep_track(const TaskScore& score) {
    score_ = score.value;
    const bool better = !best_ || (score.less_is_better ? score.value < *best_ : score.value > *best_);
    if (better) best_ = score.value;
    worse_in_a_row_ = better ? 0 : worse_in_a_row_ + 1;
    stopped_early_ = options_.evaluation.patience > 0 && worse_in_a_row_ >= options_.evaluation.patience;
    if (stopped_early_) {
      log::info("{} has not become better in {} evaluations: the run stops early", score.name,
                worse_in_a_row_);
    }
  }

  void write_facts() const {
    write_run_facts(options_.output,
                    run_facts("fine-tuning", *engine_, layout_.count(), layout_.elements(), threads_, 1));
  }

  // A full disk must not cost the run: what was saved before stays, and training goes on.
  void save(bool last_chance) {
    const SavedState state = saved_state(*engine_, layout_, true);
    CheckpointContents contents{.config = finetuned_config(model_, files_.reading.labels),
                                .tokenizer = pretrained_.tokenizer(),
                                .parameters = state.parameters,
                                .optimizer = state.optimizer,
                                .step = step_,
                                .memory = state.memory};
    if (const auto best = best_by(); best && std::isfinite(score_))
      contents.score = Score{best->metric, score_};
    report_->clear_progress();
    try {
      store_->save(contents, {{"step", step_},
                              {"updates", updates_},
                              {"skipped_in_a_row", skipped_in_a_row_},
                              {"worse_in_a_row", worse_in_a_row_},
                              {"best", best_ ? nlohmann::json(*best_) : nlohmann::json()}});
      write_facts();
      log::info("saved {}", store_->folder_of(step_).string());
    } catch (const Error& error) {
      if (last_chance) throw;
      log::error("the checkpoint of step {} could not be written, the run goes on: {}", step_, error.what());
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
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<FinetuningPrograms> programs_;
  std::unique_ptr<TaskLoader> loader_;
  std::optional<RunReport> report_;
  Interval interval_;
  double rate_ = 0, gradient_norm_ = 0, score_ = std::nan("");
  std::optional<double> best_;
  int64_t step_ = 0, steps_ = 0, updates_ = 0, evaluation_every_ = 1, skipped_in_a_row_ = 0,
          worse_in_a_row_ = 0;
  bool stopped_early_ = false;
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
