#include "engine/checkpoint/huggingface_config.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/base/log.h"

namespace cloze {
namespace {

using nlohmann::json;

// The first name of each activation is the one written. The others are the same function in other words:
// transformers' gelu_fast and gelu_pytorch_tanh are the tanh form, gelu_python is the erf form.
constexpr std::array<std::pair<std::string_view, Activation>, 6> activation_names = {{
    {"gelu_new", Activation::gelu_tanh},
    {"gelu_pytorch_tanh", Activation::gelu_tanh},
    {"gelu_fast", Activation::gelu_tanh},
    {"gelu", Activation::gelu_erf},
    {"gelu_python", Activation::gelu_erf},
    {"relu", Activation::relu},
}};

[[noreturn]] void refuse(const std::string& origin, std::string why) {
  throw Error({.what = "this model cannot be used", .where = origin, .why = std::move(why)});
}

std::string_view activation_name(Activation activation) {
  for (const auto& [name, value] : activation_names) {
    if (value == activation) return name;
  }
  throw Error(
      {.what = "the model cannot be saved",
       .why = fmt::format("Hugging Face's BERT has no name for the activation `{}`", name_of(activation))});
}

Activation activation_named(const std::string& wanted, const std::string& origin) {
  for (const auto& [name, value] : activation_names) {
    if (name == wanted) return value;
  }
  refuse(origin, fmt::format("hidden_act `{}` is not known; known are gelu_new, gelu and relu", wanted));
}

// The shortest decimal that reads back as the same float, so that 0.1f is written 0.1 and not 0.10000000149.
double shortest(float value) {
  return std::strtod(fmt::format("{}", value).c_str(), nullptr);
}

int64_t size(const json& document, const char* key, int64_t missing, const std::string& origin) {
  const int64_t value = json_integer_or(document, key, missing, origin);
  if (value < 1 || value > std::numeric_limits<int32_t>::max()) {
    refuse(origin, fmt::format("{} is {}; it should be a positive number of 31 bits", key, value));
  }
  return value;
}

float number(const json& document, const char* key, float missing, float highest, const std::string& origin) {
  const double value = json_number_or(document, key, missing, origin);
  if (!(value >= 0 && value <= highest)) {
    refuse(origin, fmt::format("{} is {}; it should be from 0 to {}", key, value, highest));
  }
  return static_cast<float>(value);
}

BertConfig read_sizes(const json& document, const std::string& origin) {
  BertConfig bert{
      .vocabulary_size = size(document, "vocab_size", 30522, origin),
      .hidden_size = size(document, "hidden_size", 768, origin),
      .layers = size(document, "num_hidden_layers", 12, origin),
      .heads = size(document, "num_attention_heads", 12, origin),
      .intermediate_size = size(document, "intermediate_size", 3072, origin),
      .activation = activation_named(json_string_or(document, "hidden_act", "gelu", origin), origin),
      .hidden_dropout = number(document, "hidden_dropout_prob", 0.1f, 1, origin),
      .attention_dropout = number(document, "attention_probs_dropout_prob", 0.1f, 1, origin),
      .max_positions = size(document, "max_position_embeddings", 512, origin),
      .token_types = size(document, "type_vocab_size", 2, origin),
      .initializer_range = number(document, "initializer_range", 0.02f, 1e3f, origin),
      .layer_norm_epsilon = number(document, "layer_norm_eps", 1e-12f, 1, origin)};
  if (bert.hidden_size % bert.heads != 0) {
    refuse(origin, fmt::format("hidden_size {} is not a multiple of num_attention_heads {}", bert.hidden_size,
                               bert.heads));
  }
  return bert;
}

// Everything that carries the name BERT and yet computes something else.
void refuse_other_models(const json& document, const std::string& origin) {
  if (const std::string type = json_string_or(document, "model_type", "bert", origin); type != "bert") {
    refuse(origin, fmt::format("model_type is `{}`, not bert", type));
  }
  if (const std::string kind = json_string_or(document, "position_embedding_type", "absolute", origin);
      kind != "absolute") {
    refuse(origin, fmt::format("position_embedding_type is `{}`, not absolute", kind));
  }
  if (json_boolean_or(document, "is_decoder", false, origin) ||
      json_boolean_or(document, "add_cross_attention", false, origin)) {
    refuse(origin, "it is a decoder (is_decoder or add_cross_attention is true)");
  }
  if (!json_boolean_or(document, "tie_word_embeddings", true, origin)) {
    log::warning(
        "{}: tie_word_embeddings is false, but the masked-LM head here always uses the word embeddings: "
        "a separate output matrix is left out",
        origin);
  }
}

// {"0": "negative", "1": "positive"}: the keys are output numbers in any order.
std::vector<std::string> read_labels(const json& document, const std::string& origin) {
  const auto found = document.find("id2label");
  if (found == document.end() || found->is_null()) return {};
  if (!found->is_object()) refuse(origin, "id2label is not an object");
  std::vector<std::string> labels;
  for (size_t i = 0; i < found->size(); ++i) {
    const auto label = found->find(std::to_string(i));
    if (label == found->end() || !label->is_string())
      refuse(origin, fmt::format("id2label has no name for output {}", i));
    labels.push_back(label->get<std::string>());
  }
  return labels;
}

std::string read_architecture(const json& document) {
  const auto found = document.find("architectures");
  const bool named =
      found != document.end() && found->is_array() && !found->empty() && found->front().is_string();
  return named ? found->front().get<std::string>() : "BertModel";
}

}  // namespace

json to_json(const HuggingfaceConfig& config) {
  const BertConfig& bert = config.bert;
  json document = {{"architectures", {config.architecture}},
                   {"model_type", "bert"},
                   {"position_embedding_type", "absolute"},
                   {"tie_word_embeddings", true},
                   {"vocab_size", bert.vocabulary_size},
                   {"hidden_size", bert.hidden_size},
                   {"num_hidden_layers", bert.layers},
                   {"num_attention_heads", bert.heads},
                   {"intermediate_size", bert.intermediate_size},
                   {"hidden_act", activation_name(bert.activation)},
                   {"hidden_dropout_prob", shortest(bert.hidden_dropout)},
                   {"attention_probs_dropout_prob", shortest(bert.attention_dropout)},
                   {"max_position_embeddings", bert.max_positions},
                   {"type_vocab_size", bert.token_types},
                   {"initializer_range", shortest(bert.initializer_range)},
                   {"layer_norm_eps", shortest(bert.layer_norm_epsilon)}};
  for (size_t i = 0; i < config.labels.size(); ++i) {
    document["id2label"][std::to_string(i)] = config.labels[i];
    document["label2id"][config.labels[i]] = i;
  }
  return document;
}

HuggingfaceConfig huggingface_config_from(const json& document, const std::string& origin) {
  refuse_other_models(document, origin);
  return {.bert = read_sizes(document, origin),
          .architecture = read_architecture(document),
          .labels = read_labels(document, origin)};
}

HuggingfaceConfig read_huggingface_config(const std::filesystem::path& config_json) {
  return huggingface_config_from(read_json(config_json), config_json.string());
}

}  // namespace cloze
