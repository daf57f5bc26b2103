#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "engine/model/bert_config.h"

namespace cloze {

// What bert_config.json of a TensorFlow checkpoint says (google-research/bert, modeling.py, BertConfig).
// "gelu" is the tanh form here; missing keys have Google's defaults (type_vocab_size 16), vocab_size has
// none; other keys are ignored; layer norms have the epsilon 1e-12 that modeling.py fixes. Throws Error
// naming `origin`.
BertConfig tensorflow_config_from(const nlohmann::json& document, const std::string& origin);

BertConfig read_tensorflow_config(const std::filesystem::path& bert_config_json);

}  // namespace cloze
