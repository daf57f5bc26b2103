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
#include "engine/base/log.h"
#include "engine/checkpoint/json_file.h"

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

// config.json, read key by key with a message of its own for each.
class Reader {
 public:
  Reader(const json& document, const std::string& origin) : document_(document), origin_(origin) {}

  int64_t size(const char* key, int64_t missing) const {
    if (absent(key)) return missing;
    const json& value = document_[key];
    if (!value.is_number_integer() || value < 1 || value > std::numeric_limits<int32_t>::max()) {
      refuse(origin_, fmt::format("{} is {}; it should be a positive whole number", key, value.dump()));
    }
    return value.get<int64_t>();
  }

  float number(const char* key, float missing, float highest) const {
    if (absent(key)) return missing;
    const json& value = document_[key];
    if (!value.is_number() || value < 0 || value.get<double>() > highest) {
      refuse(origin_,
             fmt::format("{} is {}; it should be a number from 0 to {}", key, value.dump(), highest));
    }
    return value.get<float>();
  }

  std::string text(const char* key, const char* missing) const {
    if (absent(key)) return missing;
    if (!document_[key].is_string()) {
      refuse(origin_, fmt::format("{} is {}; it should be a string", key, document_[key].dump()));
    }
    return document_[key].get<std::string>();
  }

  bool flag(const char* key, bool missing) const {
    if (absent(key)) return missing;
    if (!document_[key].is_boolean()) {
      refuse(origin_, fmt::format("{} is {}; it should be true or false", key, document_[key].dump()));
    }
    return document_[key].get<bool>();
  }

 private:
  // transformers writes null for "as by default".
  bool absent(const char* key) const { return !document_.contains(key) || document_[key].is_null(); }

  const json& document_;
  const std::string& origin_;
};

BertConfig read_sizes(const Reader& reader, const std::string& origin) {
  BertConfig bert{.vocabulary_size = reader.size("vocab_size", 30522),
                  .hidden_size = reader.size("hidden_size", 768),
                  .layers = reader.size("num_hidden_layers", 12),
                  .heads = reader.size("num_attention_heads", 12),
                  .intermediate_size = reader.size("intermediate_size", 3072),
                  .activation = activation_named(reader.text("hidden_act", "gelu"), origin),
                  .hidden_dropout = reader.number("hidden_dropout_prob", 0.1f, 1),
                  .attention_dropout = reader.number("attention_probs_dropout_prob", 0.1f, 1),
                  .max_positions = reader.size("max_position_embeddings", 512),
                  .token_types = reader.size("type_vocab_size", 2),
                  .initializer_range = reader.number("initializer_range", 0.02f, 1e3f),
                  .layer_norm_epsilon = reader.number("layer_norm_eps", 1e-12f, 1)};
  if (bert.hidden_size % bert.heads != 0) {
    refuse(origin, fmt::format("hidden_size {} is not a multiple of num_attention_heads {}", bert.hidden_size,
                               bert.heads));
  }
  return bert;
}

// Everything that carries the name BERT and yet computes something else.
void refuse_other_models(const Reader& reader, const std::string& origin) {
  if (const std::string type = reader.text("model_type", "bert"); type != "bert") {
    refuse(origin, fmt::format("model_type is `{}`, not bert", type));
  }
  if (const std::string kind = reader.text("position_embedding_type", "absolute"); kind != "absolute") {
    refuse(origin, fmt::format("position_embedding_type is `{}`, not absolute", kind));
  }
  if (reader.flag("is_decoder", false) || reader.flag("add_cross_attention", false)) {
    refuse(origin, "it is a decoder (is_decoder or add_cross_attention is true)");
  }
  if (!reader.flag("tie_word_embeddings", true)) {
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
  const Reader reader(document, origin);
  refuse_other_models(reader, origin);
  return {.bert = read_sizes(reader, origin),
          .architecture = read_architecture(document),
          .labels = read_labels(document, origin)};
}

HuggingfaceConfig read_huggingface_config(const std::filesystem::path& config_json) {
  return huggingface_config_from(read_json_object(config_json), config_json.string());
}

}  // namespace cloze
