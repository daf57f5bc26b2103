#include "engine/train/pretrain_setup.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/model/bert_parameters.h"
#include "engine/train/run_setup.h"

namespace cloze {
namespace {

constexpr int64_t default_sequences = 32;
constexpr int64_t fewest_tokens = 5;  // of a sequence: [CLS] a [SEP] b [SEP]

BatchSize batch_size(const BatchOptions& options) {
  if (options.tokens) return {BatchSize::Unit::tokens, *options.tokens};
  return {BatchSize::Unit::sequences, options.sequences.value_or(default_sequences)};
}

TrainingPhase resolve(const PretrainOptions& options, InstanceOptions instances, const BatchOptions& batch,
                      int64_t begin, int64_t steps) {
  TrainingPhase phase{
      .begin = begin, .end = begin + steps, .instances = std::move(instances), .batch = batch_size(batch)};
  validate(phase.instances, "data");
  validate(phase.batch, phase.instances);
  phase.ladder =
      capacity_ladder(micro_batch_capacity(phase.instances, phase.batch, options.batch.micro_batch_tokens));
  return phase;
}

}  // namespace

Capacity micro_batch_capacity(const InstanceOptions& instances, const BatchSize& batch,
                              int64_t micro_batch_tokens) {
  const int64_t longest = instances.max_sequence_length;
  const bool stated = batch.unit == BatchSize::Unit::sequences;
  const int64_t whole_step = stated ? batch.amount * longest : batch.amount;
  const int64_t tokens = std::max(longest, std::min(micro_batch_tokens, whole_step));
  const int64_t sequences =
      std::min(stated ? batch.amount : tokens, std::max<int64_t>(1, tokens / fewest_tokens));
  // Each sequence predicts max(1, round(p * length)) tokens at most.
  const auto by_share =
      static_cast<int64_t>(std::ceil(instances.masked_probability * static_cast<double>(tokens))) + sequences;
  return {tokens, sequences, std::min(by_share, sequences * instances.max_predictions), longest};
}

std::vector<TrainingPhase> resolve_phases(const PretrainOptions& options) {
  if (options.training.phases.empty()) {
    return {resolve(options, options.data.instances, options.batch, 0, options.training.steps)};
  }
  std::vector<TrainingPhase> phases;
  int64_t begin = 0;
  for (const PhaseOptions& stretch : options.training.phases) {
    InstanceOptions instances = options.data.instances;
    instances.max_sequence_length = stretch.max_sequence_length;
    instances.max_predictions = stretch.max_predictions;
    const bool own_batch = stretch.batch.sequences || stretch.batch.tokens;
    phases.push_back(
        resolve(options, instances, own_batch ? stretch.batch : options.batch, begin, stretch.steps));
    begin += stretch.steps;
  }
  return phases;
}

const TrainingPhase& phase_of(const std::vector<TrainingPhase>& phases, int64_t step) {
  for (const TrainingPhase& phase : phases) {
    if (step < phase.end) return phase;
  }
  return phases.back();
}

BertConfig bert_config(const ModelOptions& options, int64_t vocabulary_size,
                       const std::vector<TrainingPhase>& phases) {
  const BertConfig config{.vocabulary_size = vocabulary_size,
                          .hidden_size = options.hidden_size,
                          .layers = options.layers,
                          .heads = options.heads,
                          .intermediate_size = options.intermediate_size,
                          .activation = options.activation,
                          .hidden_dropout = static_cast<float>(options.hidden_dropout),
                          .attention_dropout = static_cast<float>(options.attention_dropout),
                          .max_positions = options.max_positions,
                          .token_types = options.token_types,
                          .initializer_range = static_cast<float>(options.initializer_range),
                          .layer_norm_epsilon = static_cast<float>(options.layer_norm_epsilon),
                          .attention = options.attention};
  validate(config, "model");
  for (const TrainingPhase& phase : phases) {
    if (phase.instances.max_sequence_length <= config.max_positions) continue;
    throw UsageError({.what = fmt::format("sequences of {} tokens do not fit a model of {} positions",
                                          phase.instances.max_sequence_length, config.max_positions),
                      .where = "data.max_sequence_length, model.max_positions",
                      .remedy = "make the sequences shorter or `model.max_positions` larger"});
  }
  return config;
}

std::shared_ptr<const Corpus> open_corpus(const std::filesystem::path& folder) {
  auto corpus = Corpus::open(folder);
  const CorpusManifest& manifest = corpus->manifest();
  log::info("corpus {}: {} documents, {} sentences, {} tokens, {:.2f} % unknown, {} vocabulary of {}",
            folder.string(), manifest.counts.documents, manifest.counts.sentences, manifest.counts.tokens,
            100 * manifest.unknown_rate(), manifest.tokenizer.lowercase ? "uncased" : "cased",
            manifest.vocabulary_size);
  constexpr double many_unknown = 0.05, many_duplicates = 0.3;
  if (manifest.unknown_rate() > many_unknown) {
    log::warning(
        "{:.1f} % of the tokens are [UNK]: is this the vocabulary for this text, and the right casing?",
        100 * manifest.unknown_rate());
  }
  if (manifest.duplicates.rate() > many_duplicates) {
    log::warning("{:.0f} % of the lines were seen before: duplicates teach nothing",
                 100 * manifest.duplicates.rate());
  }
  return corpus;
}

void check_alike(const Corpus& train, const Corpus& validation) {
  const CorpusManifest& a = train.manifest();
  const CorpusManifest& b = validation.manifest();
  if (a.vocabulary_digest == b.vocabulary_digest && a.tokenizer.lowercase == b.tokenizer.lowercase) return;
  throw UsageError({.what = "the validation corpus was not made like the training corpus",
                    .where = validation.folder().string(),
                    .why = a.vocabulary_digest != b.vocabulary_digest ? "it has another vocabulary"
                                                                      : "one is cased, one is not",
                    .remedy = "prepare both with the same --vocab and the same casing"});
}

ParameterLayout pretraining_layout(const PretrainOptions& options, const BertConfig& config) {
  const bool next_sentence = options.data.instances.next_sentence;
  return bert_parameters(config, {.pooler = next_sentence, .next_sentence = next_sentence});
}

PretrainSetup pretrain_setup(const PretrainOptions& options) {
  PretrainSetup setup{.phases = resolve_phases(options), .train = open_corpus(options.data.train)};
  if (options.data.validation) {
    setup.validation = open_corpus(*options.data.validation);
    check_alike(*setup.train, *setup.validation);
  }
  setup.config = bert_config(options.model, setup.train->manifest().vocabulary_size, setup.phases);
  setup.layout = pretraining_layout(options, setup.config);
  return setup;
}

PretrainingCompileOptions compile_options(const PretrainOptions& options, const ParameterLayout& layout) {
  return {.next_sentence = options.data.instances.next_sentence,
          .recompute = options.training.recompute,
          .update = update_attributes(options.optimizer, layout, [](const std::string&) { return 1.0f; })};
}

}  // namespace cloze
