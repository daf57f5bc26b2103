#include "engine/checkpoint/model_description.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/json.h"

namespace cloze {
namespace {

using nlohmann::json;

int64_t size(const json& document, const char* key, int64_t missing, const std::string& origin) {
  const int64_t value = json_integer_or(document, key, missing, origin);
  if (value < 1 || value > std::numeric_limits<int32_t>::max()) {
    refuse_model(origin, fmt::format("{} is {}; it should be a positive number of 31 bits", key, value));
  }
  return value;
}

float number(const json& document, const char* key, float missing, float highest, const std::string& origin) {
  const double value = json_number_or(document, key, missing, origin);
  if (!(value >= 0 && value <= highest)) {
    refuse_model(origin, fmt::format("{} is {}; it should be from 0 to {}", key, value, highest));
  }
  return static_cast<float>(value);
}

}  // namespace

void refuse_model(const std::string& origin, std::string why) {
  throw Error({.what = "this model cannot be used", .where = origin, .why = std::move(why)});
}

BertConfig read_model_description(const json& document, const DescriptionDefaults& defaults,
                                  const std::string& origin) {
  if (defaults.vocabulary_size == 0 && !document.contains("vocab_size")) {
    refuse_model(origin, "it does not say vocab_size");
  }
  const BertConfig bert{
      .vocabulary_size = size(document, "vocab_size", defaults.vocabulary_size, origin),
      .hidden_size = size(document, "hidden_size", 768, origin),
      .layers = size(document, "num_hidden_layers", 12, origin),
      .heads = size(document, "num_attention_heads", 12, origin),
      .intermediate_size = size(document, "intermediate_size", 3072, origin),
      .hidden_dropout = number(document, "hidden_dropout_prob", 0.1f, 1, origin),
      .attention_dropout = number(document, "attention_probs_dropout_prob", 0.1f, 1, origin),
      .max_positions = size(document, "max_position_embeddings", 512, origin),
      .token_types = size(document, "type_vocab_size", defaults.token_types, origin),
      .initializer_range = number(document, "initializer_range", 0.02f, 1e3f, origin),
      .layer_norm_epsilon = number(document, "layer_norm_eps", 1e-12f, 1, origin)};
  if (bert.hidden_size % bert.heads != 0) {
    refuse_model(origin, fmt::format("hidden_size {} is not a multiple of num_attention_heads {}",
                                     bert.hidden_size, bert.heads));
  }
  return bert;
}

}  // namespace cloze
