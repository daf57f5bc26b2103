#include "engine/model/bert_parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <string_view>

#include "engine/base/file.h"
#include "kernels/common/philox.h"

namespace cloze {
namespace {

constexpr uint32_t initialization_purpose = 1;

void add_dense(ParameterLayout& layout, const std::string& name, int64_t out, int64_t in) {
  layout.add(name + ".weight", out, in);
  layout.add_vector(name + ".bias", out);
}

void add_norm(ParameterLayout& layout, const std::string& name, int64_t size) {
  layout.add_vector(name + ".weight", size);
  layout.add_vector(name + ".bias", size);
}

void add_layer(ParameterLayout& layout, const BertConfig& config, const std::string& name) {
  const std::string self = name + ".attention.self.";
  layout.add_stacked({self + "query.weight", self + "key.weight", self + "value.weight"}, config.hidden_size,
                     config.hidden_size);
  layout.add_stacked_vectors({self + "query.bias", self + "key.bias", self + "value.bias"},
                             config.hidden_size);
  add_dense(layout, name + ".attention.output.dense", config.hidden_size, config.hidden_size);
  add_norm(layout, name + ".attention.output.LayerNorm", config.hidden_size);
  add_dense(layout, name + ".intermediate.dense", config.intermediate_size, config.hidden_size);
  add_dense(layout, name + ".output.dense", config.hidden_size, config.intermediate_size);
  add_norm(layout, name + ".output.LayerNorm", config.hidden_size);
}

// Normal values by Box and Muller (1958), those beyond two deviations drawn again. Counter: {element,
// attempt, 0, 0}.
float truncated_normal(uint32_t element_low, uint32_t element_high, PhiloxKey key) {
  for (uint32_t attempt = 0;; ++attempt) {
    const PhiloxBits bits = philox({element_low, element_high, attempt, 0}, key);
    const double u = (bits.word0 + 1.0) / 4294967296.0, v = bits.word1 / 4294967296.0;
    const double normal = std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
    if (std::abs(normal) <= 2) return static_cast<float>(normal);
  }
}

}  // namespace

std::string bert_names::layer(int64_t index) {
  return layers + std::to_string(index);
}

ParameterLayout bert_parameters(const BertConfig& config, const BertHeads& heads, VocabularyRows rows) {
  const int64_t vocabulary =
      rows == VocabularyRows::padded ? config.padded_vocabulary() : config.vocabulary_size;
  ParameterLayout layout;
  layout.add(bert_names::word, vocabulary, config.hidden_size, config.vocabulary_size);
  layout.add(bert_names::position, config.max_positions, config.hidden_size);
  layout.add(bert_names::type, config.token_types, config.hidden_size);
  add_norm(layout, bert_names::embedding_norm, config.hidden_size);
  for (int64_t layer = 0; layer < config.layers; ++layer) add_layer(layout, config, bert_names::layer(layer));
  if (heads.pooler) add_dense(layout, bert_names::pooler, config.hidden_size, config.hidden_size);
  if (heads.masked_language) {
    add_dense(layout, bert_names::transform, config.hidden_size, config.hidden_size);
    add_norm(layout, bert_names::transform_norm, config.hidden_size);
    layout.add_vector(bert_names::prediction_bias, vocabulary, config.vocabulary_size);
  }
  if (heads.next_sentence) add_dense(layout, bert_names::next_sentence, 2, config.hidden_size);
  return layout;
}

int64_t depth_of(const std::string& parameter_name, int64_t layers) {
  constexpr std::string_view layer_prefix = bert_names::layers;
  if (parameter_name.starts_with("bert.embeddings.")) return 0;
  if (!parameter_name.starts_with(layer_prefix)) return layers + 1;
  int64_t layer = 0;
  const char* digits = parameter_name.data() + layer_prefix.size();
  std::from_chars(digits, parameter_name.data() + parameter_name.size(), layer);
  return layer + 1;
}

void initialize_parameter(const Parameter& parameter, float deviation, uint64_t seed, int64_t first,
                          std::span<float> values) {
  std::fill(values.begin(), values.end(), 0.0f);
  if (parameter.vector) {
    const bool gain = parameter.name.ends_with("LayerNorm.weight");
    if (gain) std::fill(values.begin(), values.end(), 1.0f);
    return;
  }
  const PhiloxKey key = derive_key(seed, initialization_purpose, hash64(parameter.name));
  const int64_t filled = parameter.file_rows * parameter.columns;
  const int64_t end = std::min(filled, first + static_cast<int64_t>(values.size()));
  for (int64_t element = first; element < end; ++element) {
    const auto bits = static_cast<uint64_t>(element);
    values[static_cast<size_t>(element - first)] =
        deviation * truncated_normal(static_cast<uint32_t>(bits), static_cast<uint32_t>(bits >> 32), key);
  }
}

}  // namespace cloze
