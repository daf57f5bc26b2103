#include "engine/train/finetune_training.h"

#include <algorithm>
#include <cmath>

#include "engine/base/log.h"
#include "engine/model/encoder_scaling.h"
#include "engine/train/finetune_setup.h"
#include "engine/train/run_setup.h"

namespace cloze {
namespace {

constexpr uint32_t dropout_purpose = 2;

double steps_per_epoch(const FinetuneOptions& options, size_t examples) {
  return static_cast<double>(examples) / static_cast<double>(options.batch.sequences);
}

// int(examples / batch * epochs), as run_classifier.py counts (google-research/bert).
int64_t total_steps(const FinetuneOptions& options, size_t examples) {
  if (options.training.steps) return *options.training.steps;
  const double steps = steps_per_epoch(options, examples) * options.training.epochs;
  return std::max<int64_t>(1, static_cast<int64_t>(steps));
}

TaskLoaderOptions loader_options(const FinetuneOptions& options) {
  return {.batch = options.batch.sequences,
          .micro_batch_tokens = options.batch.micro_batch_tokens,
          .shuffle = options.training.shuffle,
          .seed = options.seed};
}

}  // namespace

FinetuneTraining::FinetuneTraining(const FinetuneOptions& options, const FinetuningModel& model,
                                   const ParameterLayout& layout, const FinetuningFiles& files,
                                   Precision precision)
    : options_(options),
      model_(model),
      layout_(layout),
      engine_(make_engine(
          device_kind(options.device), layout.elements(),
          {.training = true, .precision = precision, .state = encoder_scaling(layout, precision).state()})),
      programs_(model, layout, *engine_, finetune_compile_options(options, model, layout)),
      loader_(*files.training, model.form(), loader_options(options)),
      steps_(total_steps(options, files.training->examples())),
      epoch_steps_(std::max<int64_t>(1, std::llround(steps_per_epoch(options, files.training->examples())))) {
}

void FinetuneTraining::load(const Checkpoint& checkpoint) {
  require_complete(load_parameters(*engine_, layout_, checkpoint.parameters()));
  load_moments(*engine_, layout_, *checkpoint.optimizer());
  load_state_values(*engine_, *checkpoint.optimizer());
}

void FinetuneTraining::load_pretrained(const Checkpoint& pretrained) {
  initialize_parameters(*engine_, layout_, options_.seed, [&](const std::string& name) {
    return is_of_head(model_.head, name) ? model_.head.initializer_range : model_.config.initializer_range;
  });
  const LoadReport report = load_parameters(*engine_, layout_, pretrained.parameters());
  require_encoder(report, model_.config.layers);
  log::info("{}", to_string(report));
}

void FinetuneTraining::load_encoder(const Checkpoint& adapted) {
  require_encoder(load_parameters(*engine_, layout_, adapted.parameters()), model_.config.layers);
  log::info("the encoder is that of further pretraining: {}", adapted.folder().string());
}

FinetuneStep FinetuneTraining::train(const TrainerPosition& position) {
  const TaskStep& batch = loader_.next(position.step);
  FinetuneStep done{.learning_rate = learning_rate(options_.schedule, options_.optimizer.learning_rate,
                                                   position.step, steps_)};
  FinetuningStepInputs inputs{
      .label_weight = batch.label_weight,
      .dropout_key = derive_key(options_.seed, dropout_purpose, static_cast<uint64_t>(position.step))};
  const auto scalars = optimizer_scalars(options_.optimizer, done.learning_rate, position.updates);
  for (size_t i = 0; i < scalars.size(); ++i) inputs.update_scalars[i] = static_cast<float>(scalars[i]);
  double loss = 0;
  for (size_t i = 0; i < batch.micro_batches.size(); ++i) {
    const TaskBatch& micro_batch = batch.micro_batches[i];
    const MicroBatch place{.first = i == 0, .last = i + 1 == batch.micro_batches.size()};
    FinetuningProgram& program = programs_.training(micro_batch.capacity, place);
    program.load(micro_batch, inputs);
    program.run();
    loss += program.loss_sum(micro_batch);
    done.tokens += micro_batch.sequences.live_tokens;
    if (!place.last) continue;
    done.gradient_norm = program.gradient_norm();
    done.skipped = program.skipped();
  }
  done.loss = batch.label_weight > 0 ? loss / batch.label_weight : 0;
  return done;
}

TaskOutputs FinetuneTraining::infer(const TaskFile& file) {
  return cloze::infer(programs_, file, options_.evaluation.batch, options_.batch.micro_batch_tokens);
}

}  // namespace cloze
