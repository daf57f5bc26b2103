#include "engine/train/pretrainer.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/cpu_info.h"
#include "engine/base/crc32c.h"
#include "engine/base/format.h"
#include "engine/base/log.h"
#include "engine/base/signals.h"
#include "engine/checkpoint/checkpoint_store.h"
#include "engine/config/config.h"
#include "engine/model/bert_parameters.h"
#include "engine/model/flops.h"
#include "engine/train/evaluation.h"
#include "engine/train/job.h"
#include "engine/train/machine_peak.h"
#include "engine/train/model_state.h"
#include "engine/train/pretrain_setup.h"
#include "engine/train/resume_check.h"
#include "engine/train/run_report.h"
#include "engine/train/run_setup.h"
#include "kernels/common/parallel.h"

namespace cloze {
namespace {

constexpr uint32_t dropout_purpose = 2;
constexpr const char* best_metric = "eval_mask_token_loss";

// Each phase draws pairs and masks of its own.
uint64_t phase_seed(uint64_t seed, size_t phase) {
  const PhiloxKey key = derive_key(seed, 3, phase);
  return uint64_t{key.high} << 32 | key.low;
}

// Sums of this process between two reports.
struct Interval {
  IntervalSums sums;
  double began = seconds_now(), waited_before = 0;
  int64_t steps = 0;
};

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
        precision_(run_precision(options.precision, Architecture::cpu)),
        phases_(resolve_phases(options)),
        train_(open_corpus(options.data.train)) {
    set_thread_count(threads_);
    if (options.data.validation) {
      validation_ = open_corpus(*options.data.validation);
      check_alike(*train_, *validation_);
    }
    config_ = bert_config(options.model, train_->manifest().vocabulary_size, phases_);
    const bool next_sentence = options.data.instances.next_sentence;
    layout_ = bert_parameters(config_, {.pooler = next_sentence, .next_sentence = next_sentence});
    require_device_for_many();
    if (job_.leads()) open_folder(existing);
    job_.join(options.output, fingerprint(options, *train_), fmt::format("CPU, {} threads", threads_));
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
    while (step_ < options_.training.steps) {
      signal = train_step();
      const bool finished = step_ == options_.training.steps;
      if (step_ % options_.log.every == 0 || finished) report();
      const bool save_due = finished || signal != 0 ||
                            (options_.checkpoint.every > 0 && step_ % options_.checkpoint.every == 0);
      if (validation_ && signal == 0 &&
          (finished || step_ % options_.evaluation.every == 0 || (save_due && keeps_best())))
        evaluate();
      if (save_due) save(finished || signal != 0);
      if (signal != 0) break;
    }
    job_.communicator().barrier();  // the last checkpoint is there for all
    if (signal != 0) {
      log::info("stopped by signal {} at step {}; go on with --resume", signal, step_);
      return signal;
    }
    log::info("done: {} steps, the model is in {}", step_, (options_.output / "latest").string());
    return 0;
  }

  void require_device_for_many() const {
    if (job_.size() == 1 || options_.device != DeviceOption::reference) return;
    throw UsageError({.what = "the reference device computes in one process only",
                      .where = "device",
                      .why = fmt::format("there are {} processes", job_.size()),
                      .remedy = "device: cpu"});
  }

  void open_folder(ExistingRun existing) {
    if (existing == ExistingRun::resume) check_resume(options_);
    folder_.emplace(options_.output, existing, config::dump(options_));
    store_.emplace(
        options_.output,
        Retention{.keep_last = options_.checkpoint.keep,
                  .best = keeps_best() ? std::optional<BestBy>({best_metric, Better::lower}) : std::nullopt});
  }

  bool keeps_best() const { return options_.checkpoint.keep_best && validation_ != nullptr; }

  void start() {
    engine_ = make_engine(device_kind(options_.device), layout_.elements(), true, precision_);
    PretrainingCompileOptions compile = compile_options(options_, layout_);
    compile.reduction = job_.reduction();
    programs_ = std::make_unique<PretrainingPrograms>(config_, layout_, *engine_, std::move(compile));
    log::info("{}; {} threads", cpu_info().text(), threads_);
    log::info("model: {} layers, hidden {}, {} heads, vocabulary {}; {} parameters", config_.layers,
              config_.hidden_size, config_.heads, config_.vocabulary_size, layout_.count());
    for (const std::string& warning :
         schedule_warnings(options_.schedule, options_.optimizer.learning_rate, options_.training.steps)) {
      log::warning("{}", warning);
    }
    if (job_.leads()) {
      const Job::Busy busy(job_);
      if (!restore()) fresh_weights();
      if (step_ >= options_.training.steps)
        log::info("all {} steps are done already", options_.training.steps);
      peak_ = job_.size() * measured_matmul_peak();
      report_.emplace(folder_->metrics_file(), options_.output, options_.log.tensorboard, step_);
    }
    begin_alike();
    if (step_ != 0) return;
    if (job_.leads()) show_examples();
    if (validation_ && options_.model.initialize_from) evaluate();  // what the model knew before
  }

  // All ranks go on from what rank 0 has read or drawn.
  void begin_alike() {
    const std::string state = job_.share(trainer_state().dump());
    set_trainer_state(nlohmann::json::parse(state));
    job_.share(*engine_, layout_.elements());
    interval_ = {.waited_before = job_.communicator().seconds_waited()};
  }

  nlohmann::json trainer_state() const {
    return {{"step", step_}, {"updates", updates_}, {"skipped_in_a_row", skipped_in_a_row_}};
  }
  void set_trainer_state(const nlohmann::json& state) {
    step_ = state.at("step");
    updates_ = state.at("updates");
    skipped_in_a_row_ = state.at("skipped_in_a_row");
  }

  bool restore() {
    const auto checkpoint = folder_->starting_point(*store_);
    if (!checkpoint) return false;
    require_complete(load_parameters(*engine_, layout_, checkpoint->parameters()));
    load_moments(*engine_, layout_, *checkpoint->optimizer());
    set_trainer_state(checkpoint->trainer_state());
    log::info("going on at step {}", step_);
    return true;
  }

  void fresh_weights() {
    initialize_parameters(*engine_, layout_, options_.seed, [&](const std::string&) {
      return static_cast<float>(options_.model.initializer_range);
    });
    if (options_.model.output_bias == OutputBias::unigram) begin_with_word_frequencies();
    if (!options_.model.initialize_from) return;
    const Checkpoint checkpoint = open_model(*options_.model.initialize_from);
    const LoadReport report = load_parameters(*engine_, layout_, checkpoint.parameters());
    log::info("{}", to_string(report));
    if (report.loaded.empty() || !report.mismatched.empty()) require_complete(report);
    if (checkpoint.tokenizer().vocabulary->digest() != train_->manifest().vocabulary_digest) {
      log::warning("the corpus was made with another vocabulary than that of {}",
                   checkpoint.folder().string());
    }
    if (!options_.model.initialize_optimizer) return;
    load_moments(*engine_, layout_, *checkpoint.optimizer());
    step_ = updates_ = checkpoint.step().value_or(0);
    log::info("going on at step {} with the moments of its optimizer", step_);
  }

  void begin_with_word_frequencies() {
    const std::vector<double> frequencies = log_frequencies(*train_);
    const std::vector<float> bias(frequencies.begin(), frequencies.end());
    engine_->write(Memory::parameters, layout_.at(bert_names::prediction_bias).offset, bias);
  }

  void show_examples() {
    PretrainingLoader& loader = loader_for(0);
    Instance instance;
    int shown = 0;
    for (const InstanceReference& reference : loader.plan().batch(0, phases_[0].batch)) {
      if (shown++ == options_.log.examples) break;
      loader.maker().make(reference, instance);
      log::info("{}", show_example(instance, phases_[0].instances, train_->vocabulary()));
    }
  }

  PretrainingLoader& loader_for(size_t phase) {
    if (!loader_ || loader_phase_ != phase) {
      loader_.reset();
      loader_ = std::make_unique<PretrainingLoader>(train_, phases_[phase].instances,
                                                    phase_seed(options_.seed, phase),
                                                    LoaderOptions{.batch = phases_[phase].batch,
                                                                  .ladder = phases_[phase].ladder,
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
    const auto& phase = phase_of(phases_, step_);
    PretrainingLoader& loader = loader_for(static_cast<size_t>(&phase - phases_.data()));
    const PretrainingStep& batch = loader.next(options_.training.overfit_one_batch ? 0 : step_ - phase.begin);
    rate_ =
        learning_rate(options_.schedule, options_.optimizer.learning_rate, step_, options_.training.steps);
    const auto scalars = optimizer_scalars(options_.optimizer, rate_, updates_);
    PretrainingStepInputs inputs{
        .global_predictions = batch.global_predictions,
        .global_sequences = batch.global_sequences,
        .dropout_key = derive_key(options_.seed, dropout_purpose, static_cast<uint64_t>(step_))};
    for (size_t i = 0; i < scalars.size(); ++i) inputs.update_scalars[i] = static_cast<float>(scalars[i]);

    BatchCounts counts;
    bool skipped = false;
    for (size_t i = 0; i < batch.micro_batches.size(); ++i) {
      const PretrainingBatch& micro_batch = batch.micro_batches[i];
      const MicroBatch place{.first = i == 0, .last = i + 1 == batch.micro_batches.size()};
      PretrainingProgram& program = programs_->training(micro_batch.capacity, place);
      program.load(micro_batch, inputs);
      if (place.last) job_.begin_agreement();
      program.run();
      job_.communicator().note_progress();
      interval_.sums.metrics += program.metrics(micro_batch);
      counts.add(micro_batch.sequences.sequence_offsets, micro_batch.sequences.live_sequences,
                 micro_batch.live_predictions);
      if (!place.last) continue;
      gradient_norm_ = program.gradient_norm();
      skipped = program.skipped();
      if (skipped) not_finite(batch, inputs);
    }
    interval_.sums.flops += training_flops(config_, counts);
    ++interval_.steps;
    if (!skipped) ++updates_, skipped_in_a_row_ = 0;
    ++step_;
    return job_.agreed_signal();
  }

  // Names the first tensor that is not finite, looking through the step's micro-batches; ends the run as
  // configured.
  void not_finite(const PretrainingStep& batch, const PretrainingStepInputs& inputs) {
    ++skipped_in_a_row_;
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
    skip_or_stop({.what = fmt::format("step {}: a gradient is not finite; first seen in {}", step_, culprit),
                  .output = options_.output,
                  .remedy = "a smaller learning rate or a longer warm-up, from the last checkpoint",
                  .policy = options_.training.non_finite,
                  .in_a_row = skipped_in_a_row_,
                  .most = options_.training.max_skipped_steps});
  }

  void report() {
    const double seconds = seconds_now() - interval_.began, waited = job_.communicator().seconds_waited();
    interval_.sums.busy_seconds = seconds - (waited - interval_.waited_before);
    const IntervalSums sums = job_.sum(interval_.sums);
    if (job_.leads()) show(sums, seconds);
    interval_ = {.waited_before = job_.communicator().seconds_waited()};
  }

  void show(const IntervalSums& sums, double seconds) {
    const PretrainingMetrics& m = sums.metrics;
    const double tokens_per_second = static_cast<double>(m.tokens) / seconds,
                 flops_per_second = sums.flops / seconds;
    peak_ =
        std::max(peak_, flops_per_second);  // measured while another program ran, it may have been too low
    report_->show({.step = step_,
                   .total_steps = options_.training.steps,
                   .loss = m.loss(),
                   .learning_rate = rate_,
                   .tokens_per_second = tokens_per_second,
                   .seconds_per_step = seconds / static_cast<double>(interval_.steps),
                   .share_of_peak = flops_per_second / peak_});
    report_->record(step_, "train",
                    {{"loss", m.loss()},
                     {"masked_language_loss", m.masked_loss()},
                     {"masked_language_accuracy", m.masked_accuracy()},
                     {"next_sentence_loss", m.next_loss()},
                     {"next_sentence_accuracy", m.next_accuracy()},
                     {"learning_rate", rate_},
                     {"gradient_norm", gradient_norm_},
                     {"tokens", static_cast<double>(m.tokens)},
                     {"tokens_per_second", tokens_per_second},
                     {"flops_per_second", flops_per_second},
                     {"share_of_peak", flops_per_second / peak_},
                     {"skipped_steps", static_cast<double>(step_ - updates_)}});
  }

  void evaluate() {
    const auto& phase = phase_of(phases_, std::max<int64_t>(0, step_ - 1));
    if (!evaluation_) {
      evaluation_ = std::make_unique<PretrainEvaluation>(
          validation_, log_frequencies(*train_), phase, options_.evaluation.sequences,
          options_.evaluation.seed, 1, job_.rank(), job_.size());
    }
    const double began = seconds_now(), waited = job_.communicator().seconds_waited();
    const PretrainingMetrics m =
        job_.sum(evaluation_->run(*programs_, [this] { job_.communicator().note_progress(); }));
    interval_.began += seconds_now() - began;  // evaluation is not training time
    interval_.waited_before += job_.communicator().seconds_waited() - waited;
    mask_token_loss_ = m.mask_token_loss();
    if (job_.leads()) show_evaluation(m);
  }

  void show_evaluation(const PretrainingMetrics& m) {
    report_->clear_progress();
    log::info(
        "evaluation at step {}: masked-LM loss {:.4f} (perplexity {:.1f}, accuracy {:.1f} %), on [MASK] "
        "inputs {:.4f} "
        "(word frequencies alone: {:.4f}), next sentence {:.1f} %",
        step_, m.masked_loss(), m.perplexity(), 100 * m.masked_accuracy(), m.mask_token_loss(),
        m.unigram_baseline(), 100 * m.next_accuracy());
    report_->record(step_, "eval",
                    {{"loss", m.loss()},
                     {"masked_language_loss", m.masked_loss()},
                     {"masked_language_accuracy", m.masked_accuracy()},
                     {"perplexity", m.perplexity()},
                     {"mask_token_loss", m.mask_token_loss()},
                     {"unigram_baseline", m.unigram_baseline()},
                     {"next_sentence_loss", m.next_loss()},
                     {"next_sentence_accuracy", m.next_accuracy()}});
  }

  // A full disk must not cost the run: what was saved before stays, and training goes on.
  void save(bool last_chance) {
    if (!job_.leads()) return;
    const Job::Busy busy(job_);
    const SavedState state = saved_state(*engine_, layout_, true);
    CheckpointContents contents{
        .config = {.bert = config_,
                   .architecture = config_.attention ? "BertForPreTraining" : "BertWithoutAttention"},
        .tokenizer = {.vocabulary = train_->shared_vocabulary(),
                      .options = train_->manifest().tokenizer,
                      .max_length = config_.max_positions},
        .parameters = state.parameters,
        .optimizer = state.optimizer,
        .step = step_,
        .memory = state.memory};
    if (keeps_best() && std::isfinite(mask_token_loss_))
      contents.score = Score{best_metric, mask_token_loss_};
    report_->clear_progress();
    try {
      store_->save(contents, trainer_state());
      log::info("saved {}", store_->folder_of(step_).string());
    } catch (const Error& error) {
      if (last_chance) throw;
      log::error("the checkpoint of step {} could not be written, the run goes on: {}", step_, error.what());
    }
  }

  const PretrainOptions& options_;
  Job job_;
  const int threads_;
  const Precision precision_;
  std::vector<TrainingPhase> phases_;
  std::shared_ptr<const Corpus> train_, validation_;
  BertConfig config_;
  ParameterLayout layout_;
  std::optional<RunFolder> folder_;
  std::optional<CheckpointStore> store_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<PretrainingPrograms> programs_;
  std::unique_ptr<PretrainingLoader> loader_;
  size_t loader_phase_ = 0;
  std::unique_ptr<PretrainEvaluation> evaluation_;
  std::optional<RunReport> report_;
  Interval interval_;
  double peak_ = 0, rate_ = 0, gradient_norm_ = 0, mask_token_loss_ = std::nan("");
  int64_t step_ = 0, updates_ = 0, skipped_in_a_row_ = 0;
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
