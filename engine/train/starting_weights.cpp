#include "engine/train/starting_weights.h"

#include "engine/base/log.h"
#include "engine/checkpoint/checkpoint_store.h"
#include "engine/model/bert_parameters.h"
#include "engine/train/evaluation.h"
#include "engine/train/model_state.h"

namespace cloze {
namespace {

void begin_with_word_frequencies(const PretrainSetup& setup, Engine& engine) {
  const std::vector<double> frequencies = log_frequencies(*setup.train);
  const std::vector<float> bias(frequencies.begin(), frequencies.end());
  engine.write(Memory::parameters, setup.layout.at(bert_names::prediction_bias).offset, bias);
}

void take_weights(const Checkpoint& checkpoint, const PretrainSetup& setup, Engine& engine) {
  const LoadReport report = load_parameters(engine, setup.layout, checkpoint.parameters());
  log::info("{}", to_string(report));
  if (report.loaded.empty() || !report.mismatched.empty()) require_complete(report);
  if (checkpoint.tokenizer().vocabulary->digest() != setup.train->manifest().vocabulary_digest) {
    log::warning("the corpus was made with another vocabulary than that of {}", checkpoint.folder().string());
  }
}

}  // namespace

TrainerPosition write_starting_weights(const PretrainOptions& options, const PretrainSetup& setup,
                                       Engine& engine,
                                       const std::function<void(const TensorSource&)>& take_optimizer) {
  initialize_parameters(engine, setup.layout, options.seed, [&](const std::string&) {
    return static_cast<float>(options.model.initializer_range);
  });
  if (options.model.output_bias == OutputBias::unigram) begin_with_word_frequencies(setup, engine);
  if (!options.model.initialize_from) return {};
  const Checkpoint checkpoint = open_model(*options.model.initialize_from);
  take_weights(checkpoint, setup, engine);
  if (!options.model.initialize_optimizer) return {};
  take_optimizer(*checkpoint.optimizer());
  const int64_t step = checkpoint.step().value_or(0);
  log::info("going on at step {} with the moments of its optimizer", step);
  return {.step = step, .updates = step};
}

}  // namespace cloze
