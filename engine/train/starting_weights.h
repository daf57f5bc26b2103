#pragma once

#include <functional>

#include "engine/checkpoint/tensor_source.h"
#include "engine/runtime/engine.h"
#include "engine/train/pretrain_options.h"
#include "engine/train/pretrain_setup.h"
#include "engine/train/trainer_position.h"

namespace cloze {

// Fills the flat buffers of a pretraining run that begins: BERT's initialisation, and what
// `model.initialize_from` and `model.initialize_optimizer` name; `take_optimizer` puts moments where they
// belong. Returns where the run begins: at step 0, or at the step of the moments that were taken over. Throws
// Error where the named model does not fit.
TrainerPosition write_starting_weights(const PretrainOptions& options, const PretrainSetup& setup,
                                       Engine& engine,
                                       const std::function<void(const TensorSource&)>& take_optimizer);

}  // namespace cloze
