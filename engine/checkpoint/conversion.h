#pragma once

#include <filesystem>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/tensor_loading.h"

namespace cloze {

// Writes a model, from wherever it was read, as Cloze writes its own checkpoints: a Hugging Face folder in
// fp32 with its vocabulary and casing. It has the encoder, the pooler, and the heads of pretraining,
// classification and span QA; `with_moments` adds what a TensorFlow training checkpoint holds of its
// optimizer. Tensors that belong to none of these are left out and named in the report as not used; a head of
// which the checkpoint has a part only is named as missing. `folder` must be missing or empty. Throws Error
// where the encoder is not whole or a tensor is of another shape.
LoadReport convert_checkpoint(const Checkpoint& checkpoint, std::filesystem::path folder, bool with_moments);

}  // namespace cloze
