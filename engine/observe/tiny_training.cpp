#include "engine/observe/tiny_training.h"

#include <fmt/core.h>

#include <array>
#include <string>

#include "engine/data/sequence_packing.h"
#include "engine/model/bert_parameters.h"
#include "engine/optim/optimizer_options.h"
#include "engine/train/model_state.h"
#include "engine/train/run_setup.h"
#include "kernels/common/philox.h"

namespace cloze {
namespace {

constexpr std::array special_pieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
constexpr int32_t classify = 2, separator = 3, mask = 4;
constexpr int64_t sequences = 16, longest = 48, predicted_one_in = 7;
constexpr uint64_t seed = 1;

BertConfig tiny_config() {
  return {.vocabulary_size = 500,
          .hidden_size = 64,
          .layers = 2,
          .heads = 2,
          .intermediate_size = 128,
          .max_positions = longest};
}

int32_t draw(uint32_t purpose, int64_t sequence, int64_t position, int64_t bound) {
  const PhiloxCounter counter{purpose, static_cast<uint32_t>(sequence), static_cast<uint32_t>(position), 0};
  return static_cast<int32_t>(scale_to(philox(counter, {seed, 0}).word0, static_cast<uint32_t>(bound)));
}

// [CLS] A [SEP] B [SEP] of 16 to 48 tokens.
std::vector<int32_t> made_up_tokens(int64_t sequence, int64_t vocabulary) {
  const int64_t least = longest / 3, length = least + draw(1, sequence, 0, longest - least + 1);
  std::vector<int32_t> tokens{classify};
  while (static_cast<int64_t>(tokens.size()) < length - 1) {
    const auto position = static_cast<int64_t>(tokens.size());
    const auto pieces = static_cast<int64_t>(special_pieces.size());
    tokens.push_back(static_cast<int32_t>(pieces) + draw(2, sequence, position, vocabulary - pieces));
  }
  tokens[tokens.size() / 2] = separator;
  tokens.push_back(separator);
  return tokens;
}

// Every seventh token is masked; every second sequence has a random next one.
PretrainingBatch made_up_batch(const BertConfig& config) {
  PretrainingBatch batch{.capacity = {.tokens = sequences * longest,
                                      .sequences = sequences,
                                      .predictions = sequences * longest / predicted_one_in}};
  begin_packing(batch.sequences, batch.capacity);
  for (int64_t s = 0; s < sequences; ++s) {
    std::vector<int32_t> tokens = made_up_tokens(s, config.vocabulary_size);
    const int64_t first = batch.sequences.live_tokens;
    for (size_t at = 1; at + 1 < tokens.size(); at += predicted_one_in) {
      batch.prediction_rows.push_back(static_cast<int32_t>(first + static_cast<int64_t>(at)));
      batch.prediction_labels.push_back(std::exchange(tokens[at], mask));
    }
    append_sequence(batch.sequences, tokens, static_cast<int64_t>(tokens.size()) / 2 + 1, s);
    batch.next_sentence_labels.push_back(static_cast<int32_t>(s % 2));
  }
  std::vector<int32_t> scratch;
  finish_packing(batch.sequences, scratch);
  batch.live_predictions = static_cast<int64_t>(batch.prediction_rows.size());
  const auto capacity = static_cast<size_t>(batch.capacity.predictions);
  batch.prediction_rows.resize(capacity);
  batch.prediction_labels.resize(capacity, -1);
  batch.prediction_kinds.resize(capacity, MaskKind::masked);
  return batch;
}

OptimizerOptions quick_learning() {
  OptimizerOptions options;
  options.learning_rate = 2e-3;
  options.bias_correction = true;
  return options;
}

std::shared_ptr<const Vocabulary> made_up_vocabulary(int64_t size) {
  std::vector<std::string> pieces(special_pieces.begin(), special_pieces.end());
  for (auto id = static_cast<int64_t>(pieces.size()); id < size; ++id)
    pieces.push_back(fmt::format("piece{}", id));
  return std::make_shared<const Vocabulary>(std::move(pieces), "the self-test");
}

}  // namespace

TinyTraining::TinyTraining(DeviceKind device)
    : config_(tiny_config()),
      layout_(bert_parameters(config_, {})),
      engine_(make_engine(device, layout_.elements(), {.training = true})),
      batch_(made_up_batch(config_)) {
  initialize_parameters(*engine_, layout_, seed,
                        [&](const std::string&) { return config_.initializer_range; });
  const PretrainingCompileOptions options{
      .update = update_attributes(quick_learning(), layout_, [](const std::string&) { return 1.0f; })};
  programs_ = std::make_unique<PretrainingPrograms>(config_, layout_, *engine_, options);
}

TinyTraining::Step TinyTraining::step(std::vector<LaunchTime>* times) {
  const OptimizerOptions optimizer = quick_learning();
  PretrainingStepInputs inputs{.global_predictions = batch_.live_predictions,
                               .global_sequences = batch_.sequences.live_sequences,
                               .dropout_key = derive_key(seed, 2, static_cast<uint64_t>(steps_))};
  const auto scalars = optimizer_scalars(optimizer, optimizer.learning_rate, steps_);
  for (size_t i = 0; i < scalars.size(); ++i) inputs.update_scalars[i] = static_cast<float>(scalars[i]);
  PretrainingProgram& program = programs_->training(batch_.capacity, {});
  program.load(batch_, inputs);
  times != nullptr ? program.executable().run_timed(*times) : program.run();
  ++steps_;
  return {.loss = program.metrics(batch_).loss(), .gradient_norm = program.gradient_norm()};
}

CheckpointContents TinyTraining::checkpoint() const {
  const SavedState state = saved_state(*engine_, layout_, true);
  return {.config = {.bert = config_},
          .tokenizer = {.vocabulary = made_up_vocabulary(config_.vocabulary_size),
                        .max_length = config_.max_positions},
          .parameters = state.parameters,
          .optimizer = state.optimizer,
          .step = steps_,
          .memory = state.memory};
}

}  // namespace cloze
