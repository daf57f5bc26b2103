#pragma once

#include <cstdint>
#include <string>

#include "engine/graph/parameters.h"
#include "engine/model/bert_config.h"

// Names and shapes of BERT's parameters, as Hugging Face's BertForPreTraining has them.
namespace cloze {

struct BertHeads {
  bool pooler = true;
  bool masked_language = true;
  bool next_sentence = true;  // needs the pooler
};

// Whether the vocabulary is padded to whole tiles of a matrix product; not padded, the layout is that of
// files.
enum class VocabularyRows : uint8_t { padded, as_in_files };

ParameterLayout bert_parameters(const BertConfig& config, const BertHeads& heads,
                                VocabularyRows rows = VocabularyRows::padded);

namespace bert_names {
constexpr const char* word = "bert.embeddings.word_embeddings.weight";
constexpr const char* position = "bert.embeddings.position_embeddings.weight";
constexpr const char* type = "bert.embeddings.token_type_embeddings.weight";
constexpr const char* embedding_norm = "bert.embeddings.LayerNorm";
constexpr const char* layers = "bert.encoder.layer.";
constexpr const char* pooler = "bert.pooler.dense";
constexpr const char* transform = "cls.predictions.transform.dense";
constexpr const char* transform_norm = "cls.predictions.transform.LayerNorm";
constexpr const char* prediction_bias = "cls.predictions.bias";
constexpr const char* next_sentence = "cls.seq_relationship";
std::string layer(int64_t index);  // "bert.encoder.layer.3"
}  // namespace bert_names

// Which layer a parameter belongs to, for freezing and for learning rates by layer: 0 embeddings, 1 … layers,
// and layers + 1 for the pooler and the heads.
int64_t depth_of(const std::string& parameter_name, int64_t layers);

// BERT's initialisation (google-research/bert, modeling.py): matrices from a normal distribution of deviation
// `initializer_range` cut at two deviations, biases 0, layer-norm gains 1; padding rows 0. A pure function of
// (seed, parameter name, element). `values` are the parameter's elements in memory from `first` on.
void initialize_parameter(const Parameter& parameter, float deviation, uint64_t seed, int64_t first,
                          std::span<float> values);

}  // namespace cloze
