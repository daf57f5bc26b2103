#pragma once

#include <CLI/CLI.hpp>

#include "engine/train/finetuned_model.h"

namespace cloze {

// --threads, --device and --precision of commands that compute with a fine-tuned model.
void add_inference_flags(CLI::App& command, InferenceOptions& options);

}  // namespace cloze
