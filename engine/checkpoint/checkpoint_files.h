#pragma once

namespace cloze {

// The files of a checkpoint, beside trainer_state_file.
constexpr const char* config_file = "config.json";
constexpr const char* weights_file = "model.safetensors";
constexpr const char* vocabulary_file = "vocab.txt";
constexpr const char* tokenizer_config_file = "tokenizer_config.json";
constexpr const char* optimizer_file = "optimizer.safetensors";

// A checkpoint under a name with this ending is kept for people; no program looks for it.
constexpr const char* set_aside_suffix = ".set-aside";

}  // namespace cloze
