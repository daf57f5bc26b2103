#include "engine/train/pretrainer.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/cpu_info.h"
#include "engine/base/format.h"
#include "engine/base/log.h"
#include "engine/base/signals.h"
#include "engine/checkpoint/checkpoint_store.h"
#include "engine/config/config.h"
#include "engine/model/bert_parameters.h"
#include "engine/model/flops.h"
#include "engine/train/evaluation.h"
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

// Sums between two reports.
struct Interval {
  PretrainingMetrics metrics;
  double flops = 0, began = seconds_now();
  int64_t steps = 0;
};

class PretrainRun {
 public:
  PretrainRun(const PretrainOptions& options, ExistingRun existing)
      : options_(options),
        threads_(thread_number(options.threads)),
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
    if (existing == ExistingRun::resume) check_resume(options);
    folder_.emplace(options.output, existing, config::dump(options));
    store_.emplace(
        options.output,
        Retention{.keep_last = options.checkpoint.keep,
                  .best = keeps_best() ? std::optional<BestBy>({best_metric, Better::lower}) : std::nullopt});
  }

  int run() {
    start();
    while (step_ < options_.training.steps) {
      train_step();
      const bool finished = step_ == options_.training.steps;
      if (step_ % options_.log.every == 0 || finished) report();
      const int signal = interrupted();
      const bool save_due = finished || signal != 0 ||
                            (options_.checkpoint.every > 0 && step_ % options_.checkpoint.every == 0);
      if (validation_ && signal == 0 &&
          (finished || step_ % options_.evaluation.every == 0 || (save_due && keeps_best())))
        evaluate();
      if (save_due) save(finished || signal != 0);
      if (signal != 0) {
        log::info("stopped by signal {} at step {}; go on with --resume", signal, step_);
        return signal;
      }
    }
    log::info("done: {} steps, the model is in {}", step_, (options_.output / "latest").string());
    return 0;
  }

 private:
  bool keeps_best() const { return options_.checkpoint.keep_best && validation_ != nullptr; }

  void start() {
    engine_ = make_engine(device_kind(options_.device), layout_.elements(), true);
    programs_ =
        std::make_unique<PretrainingPrograms>(config_, layout_, *engine_, compile_options(options_, layout_));
    log::info("{}; {} threads", cpu_info().text(), threads_);
    log::info("model: {} layers, hidden {}, {} heads, vocabulary {}; {} parameters", config_.layers,
              config_.hidden_size, config_.heads, config_.vocabulary_size, layout_.count());
    for (const std::string& warning :
         schedule_warnings(options_.schedule, options_.optimizer.learning_rate, options_.training.steps)) {
      log::warning("{}", warning);
    }
    if (!restore()) fresh_weights();
    if (step_ >= options_.training.steps) log::info("all {} steps are done already", options_.training.steps);
    peak_ = measured_matmul_peak();
    report_.emplace(folder_->metrics_file(), options_.output, options_.log.tensorboard, step_);
    if (step_ != 0) return;
    show_examples();
    if (validation_ && options_.model.initialize_from) evaluate();  // what the model knew before
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
      loader_ = std::make_unique<PretrainingLoader>(
          train_, phases_[phase].instances, phase_seed(options_.seed, phase),
          LoaderOptions{.batch = phases_[phase].batch, .ladder = phases_[phase].ladder, .threads = 1});
      loader_phase_ = phase;
      evaluation_.reset();
    }
    return *loader_;
  }

  void train_step() {
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
      program.run();
      interval_.metrics += program.metrics(micro_batch);
      counts.add(micro_batch.sequences.sequence_offsets, micro_batch.sequences.live_sequences,
                 micro_batch.live_predictions);
      if (!place.last) continue;
      gradient_norm_ = program.gradient_norm();
      skipped = program.skipped();
      if (skipped) not_finite(batch, inputs);
    }
    interval_.flops += training_flops(config_, counts);
    ++interval_.steps;
    if (!skipped) ++updates_, skipped_in_a_row_ = 0;
    ++step_;
  }

  // Names the first tensor that is not finite, looking through the step's micro-batches; ends the run as
  // configured.
  void not_finite(const PretrainingStep& batch, const PretrainingStepInputs& inputs) {
    ++skipped_in_a_row_;
    std::string culprit = "the sum of all gradients";
    for (const PretrainingBatch& micro_batch : batch.micro_batches) {
      PretrainingProgram& program = programs_->training(micro_batch.capacity, {.first = true, .last = false});
      program.load(micro_batch, inputs);
      if (const auto found = program.executable().first_non_finite()) {
        culprit = *found;
        break;
      }
    }
    skip_or_stop({.what = fmt::format("step {}: a gradient is not finite; first seen in {}", step_, culprit),
                  .output = options_.output,
                  .remedy = "a smaller learning rate or a longer warm-up, from the last checkpoint",
                  .policy = options_.training.non_finite,
                  .in_a_row = skipped_in_a_row_,
                  .most = options_.training.max_skipped_steps});
  }

  void report() {
    const double seconds = seconds_now() - interval_.began;
    const PretrainingMetrics& m = interval_.metrics;
    const double tokens_per_second = static_cast<double>(m.tokens) / seconds,
                 flops_per_second = interval_.flops / seconds;
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
    interval_ = {};
  }

  void evaluate() {
    const auto& phase = phase_of(phases_, std::max<int64_t>(0, step_ - 1));
    if (!evaluation_) {
      evaluation_ =
          std::make_unique<PretrainEvaluation>(validation_, log_frequencies(*train_), phase,
                                               options_.evaluation.sequences, options_.evaluation.seed, 1);
    }
    const double began = seconds_now();
    const PretrainEvaluationResult result = evaluation_->run(*programs_);
    const PretrainingMetrics& m = result.metrics;
    interval_.began += seconds_now() - began;  // evaluation is not training time
    mask_token_loss_ = m.mask_token_loss();
    report_->clear_progress();
    log::info(
        "evaluation at step {}: masked-LM loss {:.4f} (perplexity {:.1f}, accuracy {:.1f} %), on [MASK] "
        "inputs {:.4f} "
        "(word frequencies alone: {:.4f}), next sentence {:.1f} %",
        step_, m.masked_loss(), m.perplexity(), 100 * m.masked_accuracy(), m.mask_token_loss(),
        result.unigram_baseline, 100 * m.next_accuracy());
    report_->record(step_, "eval",
                    {{"loss", m.loss()},
                     {"masked_language_loss", m.masked_loss()},
                     {"masked_language_accuracy", m.masked_accuracy()},
                     {"perplexity", m.perplexity()},
                     {"mask_token_loss", m.mask_token_loss()},
                     {"unigram_baseline", result.unigram_baseline},
                     {"next_sentence_loss", m.next_loss()},
                     {"next_sentence_accuracy", m.next_accuracy()}});
  }

  // A full disk must not cost the run: what was saved before stays, and training goes on.
  void save(bool last_chance) {
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
      store_->save(contents,
                   {{"step", step_}, {"updates", updates_}, {"skipped_in_a_row", skipped_in_a_row_}});
      log::info("saved {}", store_->folder_of(step_).string());
    } catch (const Error& error) {
      if (last_chance) throw;
      log::error("the checkpoint of step {} could not be written, the run goes on: {}", step_, error.what());
    }
  }

  const PretrainOptions& options_;
  const int threads_;
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
