#include "engine/checkpoint/tensorflow_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "engine/base/json.h"
#include "engine/checkpoint/model_description.h"

namespace cloze {
namespace {

using nlohmann::json;

// Upper and lower case are the same here (get_activation). A null is no activation, a missing key is gelu.
Activation read_activation(const json& document, const std::string& origin) {
  const auto found = document.find("hidden_act");
  if (found != document.end() && found->is_null()) return Activation::identity;
  const std::string said = json_string_or(document, "hidden_act", "gelu", origin);
  std::string name = said;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (name == "gelu") return Activation::gelu_tanh;
  if (name == "relu") return Activation::relu;
  if (name == "tanh") return Activation::tanh;
  if (name == "linear" || name.empty()) return Activation::identity;
  refuse_model(origin,
               fmt::format("hidden_act `{}` is not known; Google's are gelu, relu, tanh and linear", said));
}

}  // namespace

BertConfig tensorflow_config_from(const json& document, const std::string& origin) {
  if (document.contains("embedding_size") || document.contains("num_hidden_groups")) {
    refuse_model(origin, "it describes an ALBERT or ELECTRA (embedding_size is given), not a BERT");
  }
  BertConfig config = read_model_description(document, {.token_types = 16}, origin);
  config.activation = read_activation(document, origin);
  config.layer_norm_epsilon = 1e-12f;
  return config;
}

BertConfig read_tensorflow_config(const std::filesystem::path& bert_config_json) {
  return tensorflow_config_from(read_json(bert_config_json), bert_config_json.string());
}

}  // namespace cloze
