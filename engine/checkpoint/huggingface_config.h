#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "engine/model/bert_config.h"

namespace cloze {

// What config.json of a Hugging Face BERT folder says (transformers, BertConfig).
struct HuggingfaceConfig {
  BertConfig bert;
  // The transformers class that opens the folder: the encoder and one head.
  std::string architecture = "BertForPreTraining";
  // Of a classification or tagging head, in the order of its outputs; empty otherwise.
  std::vector<std::string> labels = {};
  friend bool operator==(const HuggingfaceConfig&, const HuggingfaceConfig&) = default;
};

nlohmann::json to_json(const HuggingfaceConfig& config);

// Keys that BertConfig does not need are ignored, keys that are missing have transformers' defaults. Throws
// Error naming `origin` for another kind of model (relative positions, a decoder, an unknown activation) or
// impossible sizes.
HuggingfaceConfig huggingface_config_from(const nlohmann::json& document, const std::string& origin);

HuggingfaceConfig read_huggingface_config(const std::filesystem::path& config_json);

}  // namespace cloze
