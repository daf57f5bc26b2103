#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "engine/model/bert_config.h"

// What config.json (transformers) and bert_config.json (Google) have in common.
namespace cloze {

[[noreturn]] void refuse_model(const std::string& origin, std::string why);

// What stands for keys that are missing, where the two differ.
struct DescriptionDefaults {
  int64_t vocabulary_size = 0;  // 0: the key must be there
  int64_t token_types = 2;
};

// Sizes and rates; the activation is left alone, since its names mean different functions. Throws Error
// naming `origin` for impossible values.
BertConfig read_model_description(const nlohmann::json& document, const DescriptionDefaults& defaults,
                                  const std::string& origin);

}  // namespace cloze
