#include "engine/checkpoint/huggingface_config.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/checkpoint/model_description.h"

namespace cloze {
namespace {

using nlohmann::json;

// The first name of each activation is the one written. The others are the same function in other words:
// transformers' gelu_fast and gelu_pytorch_tanh are the tanh form, gelu_python is the erf form.
constexpr std::array<std::pair<std::string_view, Activation>, 8> activation_names = {{
    {"gelu_new", Activation::gelu_tanh},
    {"gelu_pytorch_tanh", Activation::gelu_tanh},
    {"gelu_fast", Activation::gelu_tanh},
    {"gelu", Activation::gelu_erf},
    {"gelu_python", Activation::gelu_erf},
    {"relu", Activation::relu},
    {"tanh", Activation::tanh},
    {"linear", Activation::identity},
}};

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
  refuse_model(
      origin,
      fmt::format("hidden_act `{}` is not known; known are gelu_new, gelu, relu, tanh and linear", wanted));
}

// The shortest decimal that reads back as the same float, so that 0.1f is written 0.1 and not 0.10000000149.
double shortest(float value) {
  return std::strtod(fmt::format("{}", value).c_str(), nullptr);
}

std::string read_architecture(const json& document) {
  const auto found = document.find("architectures");
  const bool named =
      found != document.end() && found->is_array() && !found->empty() && found->front().is_string();
  return named ? found->front().get<std::string>() : "BertModel";
}

// Everything that carries the name BERT and yet computes something else.
void refuse_other_models(const json& document, const std::string& origin) {
  if (const std::string type = json_string_or(document, "model_type", "bert", origin); type != "bert") {
    refuse_model(origin, fmt::format("model_type is `{}`, not bert", type));
  }
  if (const std::string architecture = read_architecture(document);
      !document.contains("model_type") && !architecture.starts_with("Bert")) {
    refuse_model(origin, fmt::format("its architecture is `{}`, not a BERT", architecture));
  }
  if (const std::string kind = json_string_or(document, "position_embedding_type", "absolute", origin);
      kind != "absolute") {
    refuse_model(origin, fmt::format("position_embedding_type is `{}`, not absolute", kind));
  }
  if (json_boolean_or(document, "is_decoder", false, origin) ||
      json_boolean_or(document, "add_cross_attention", false, origin)) {
    refuse_model(origin, "it is a decoder (is_decoder or add_cross_attention is true)");
  }
}

// {"0": "negative", "1": "positive"}: the keys are output numbers in any order.
std::vector<std::string> read_labels(const json& document, const std::string& origin) {
  const auto found = document.find("id2label");
  if (found == document.end() || found->is_null()) return {};
  if (!found->is_object()) refuse_model(origin, "id2label is not an object");
  std::vector<std::string> labels;
  for (size_t i = 0; i < found->size(); ++i) {
    const auto label = found->find(std::to_string(i));
    if (label == found->end() || !label->is_string())
      refuse_model(origin, fmt::format("id2label has no name for output {}", i));
    labels.push_back(label->get<std::string>());
  }
  return labels;
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
  BertConfig bert = read_model_description(document, {.vocabulary_size = 30522}, origin);
  bert.activation = activation_named(json_string_or(document, "hidden_act", "gelu", origin), origin);
  return {.bert = bert, .architecture = read_architecture(document), .labels = read_labels(document, origin)};
}

HuggingfaceConfig read_huggingface_config(const std::filesystem::path& config_json) {
  return huggingface_config_from(read_json(config_json), config_json.string());
}

}  // namespace cloze
