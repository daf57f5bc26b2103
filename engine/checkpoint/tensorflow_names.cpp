#include "engine/checkpoint/tensorflow_names.h"

#include <algorithm>
#include <array>
#include <utility>

namespace cloze {
namespace {

// Where the name follows no rule.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> irregular_names = {{
    {"bert/embeddings/word_embeddings", "bert.embeddings.word_embeddings.weight"},
    {"bert/embeddings/position_embeddings", "bert.embeddings.position_embeddings.weight"},
    {"bert/embeddings/token_type_embeddings", "bert.embeddings.token_type_embeddings.weight"},
    {"cls/predictions/output_bias", "cls.predictions.bias"},
    {"cls/seq_relationship/output_weights", "cls.seq_relationship.weight"},
    {"cls/seq_relationship/output_bias", "cls.seq_relationship.bias"},
    {"cls/squad/output_weights", "qa_outputs.weight"},
    {"cls/squad/output_bias", "qa_outputs.bias"},
    {"output_weights", "classifier.weight"},
    {"output_bias", "classifier.bias"},
}};

// A dense layer's variables and a layer norm's.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> parts = {{
    {"dense/kernel", "dense.weight"},
    {"dense/bias", "dense.bias"},
    {"LayerNorm/gamma", "LayerNorm.weight"},
    {"LayerNorm/beta", "LayerNorm.bias"},
}};

// The dense layers and layer norms of one encoder layer, whose names are the same with dots but for
// attention's three.
constexpr std::array<std::string_view, 3> attention_inputs = {"query", "key", "value"};
constexpr std::array<std::string_view, 3> layer_scopes = {"attention/output/", "intermediate/", "output/"};

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string dotted(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '/', '.');
  return text;
}

std::optional<TranslatedName> translated_part(const std::string& scope, std::string_view part) {
  for (const auto& [theirs, ours] : parts) {
    if (part == theirs) return TranslatedName{scope + std::string(ours), theirs == "dense/kernel"};
  }
  return std::nullopt;
}

// "attention/self/query/kernel"
std::optional<TranslatedName> translated_attention_input(const std::string& scope, std::string_view rest) {
  for (const std::string_view input : attention_inputs) {
    std::string_view part = rest;
    if (!take_prefix(part, input)) continue;
    const std::string name = scope + "attention.self." + std::string(input);
    if (part == "/kernel") return TranslatedName{name + ".weight", true};
    if (part == "/bias") return TranslatedName{name + ".bias"};
  }
  return std::nullopt;
}

// "11/output/dense/kernel"
std::optional<TranslatedName> translated_layer(std::string_view rest) {
  const size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  const std::string_view number = rest.substr(0, digits);
  rest.remove_prefix(digits);
  if (number.empty() || (number.size() > 1 && number.front() == '0')) return std::nullopt;
  if (!take_prefix(rest, "/")) return std::nullopt;
  const std::string layer = "bert.encoder.layer." + std::string(number) + ".";
  if (take_prefix(rest, "attention/self/")) return translated_attention_input(layer, rest);
  for (const std::string_view scope : layer_scopes) {
    std::string_view part = rest;
    if (take_prefix(part, scope)) return translated_part(layer + dotted(scope), part);
  }
  return std::nullopt;
}

}  // namespace

std::optional<TranslatedName> huggingface_name(std::string_view variable) {
  for (const auto& [theirs, ours] : irregular_names) {
    if (variable == theirs) return TranslatedName{std::string(ours)};
  }
  if (take_prefix(variable, "bert/encoder/layer_")) return translated_layer(variable);
  for (const std::string_view scope : {"bert/embeddings/", "bert/pooler/", "cls/predictions/transform/"}) {
    std::string_view part = variable;
    if (take_prefix(part, scope)) return translated_part(dotted(scope), part);
  }
  return std::nullopt;
}

std::optional<SlotName> optimizer_slot(std::string_view variable) {
  if (variable == "beta1_power" || variable == "beta2_power") return SlotName{};
  const size_t slash = variable.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view owner = variable.substr(0, slash), slot = variable.substr(slash + 1);
  if (slot == "adam_m") return SlotName{owner, Slot::first_moment};
  if (slot == "adam_v") return SlotName{owner, Slot::second_moment};
  for (const std::string_view other :
       {"Adam", "Adam_1", "LAMB", "LAMB_1", "lamb_m", "lamb_v", "Momentum", "RMSProp", "RMSProp_1"}) {
    if (slot == other) return SlotName{owner, Slot::other};
  }
  return std::nullopt;
}

}  // namespace cloze
