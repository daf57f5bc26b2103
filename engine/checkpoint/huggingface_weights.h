#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "engine/checkpoint/tensor_source.h"

namespace cloze {

// The name transformers gives a BERT parameter today, from any it ever gave it: with or without the `bert.`
// prefix, LayerNorm gamma and beta, the decoder's bias. Empty for what is no parameter of its own: the tied
// decoder matrix and the position_ids buffer.
std::string canonical_name(std::string_view stored);

// The files that model.safetensors.index.json names:
//   {"weight_map": {"NAME": "model-00001-of-00002.safetensors", …}}
// Throws Error naming `origin` for another kind of JSON, and for what is not the name of a file beside it.
std::set<std::string> parse_shard_index(std::string_view text, const std::string& origin);

// The weights of a Hugging Face folder under canonical names: model.safetensors, or the shards named by
// model.safetensors.index.json. Throws Error where there are none, and says how to convert a
// pytorch_model.bin.
std::unique_ptr<TensorSource> open_huggingface_weights(const std::filesystem::path& folder);

}  // namespace cloze
