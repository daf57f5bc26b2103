#include "engine/train/pretrain_step.h"

#include "engine/optim/optimizer_options.h"

namespace cloze {
namespace {

// Purposes of keys; the loader has others.
constexpr uint32_t dropout_purpose = 2, phase_purpose = 3;

}  // namespace

uint64_t phase_seed(uint64_t seed, size_t phase) {
  const PhiloxKey key = derive_key(seed, phase_purpose, phase);
  return uint64_t{key.high} << 32 | key.low;
}

PretrainingStepInputs step_inputs(const PretrainOptions& options, const PretrainingStep& batch, int64_t step,
                                  int64_t updates, double rate) {
  PretrainingStepInputs inputs{
      .global_predictions = batch.global_predictions,
      .global_sequences = batch.global_sequences,
      .dropout_key = derive_key(options.seed, dropout_purpose, static_cast<uint64_t>(step))};
  const auto scalars = optimizer_scalars(options.optimizer, rate, updates);
  for (size_t i = 0; i < scalars.size(); ++i) inputs.update_scalars[i] = static_cast<float>(scalars[i]);
  return inputs;
}

}  // namespace cloze
