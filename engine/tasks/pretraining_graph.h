#pragma once

#include <vector>

#include "engine/graph/capacity.h"
#include "engine/graph/graph.h"
#include "engine/model/bert.h"

// The graph of masked-language-model and next-sentence pretraining (Devlin et al. 2019, 3.1).
namespace cloze {

// Names of its step inputs beyond those of the sequences, and of its results.
namespace pretraining_names {
constexpr const char* prediction_rows = "prediction_rows";      // i32 [M, 1]
constexpr const char* prediction_labels = "prediction_labels";  // i32 [M, 1]
constexpr const char* masked_scale = "masked_language_scale";   // [1, 1]: 1 / (global predictions + 1e-5)
constexpr const char* next_labels = "next_sentence_labels";     // i32 [S, 1]
constexpr const char* next_scale = "next_sentence_scale";       // [1, 1]: 1 / global sequences
constexpr const char* update_scalars = "update_scalars";        // [1, 3]: OptimizerScalars
constexpr const char* masked_loss = "masked_language_loss";     // [1, 1], scaled
constexpr const char* masked_row_loss = "masked_language_row_loss";  // [M, 1] nats
constexpr const char* masked_correct = "masked_language_correct";    // i32 [M, 1]
constexpr const char* next_loss = "next_sentence_loss";              // [1, 1], scaled
constexpr const char* next_row_loss = "next_sentence_row_loss";      // [S, 1] nats
constexpr const char* next_correct = "next_sentence_correct";        // i32 [S, 1]
}  // namespace pretraining_names

struct PretrainingGraph {
  Graph graph;
  std::vector<ValueId> losses;
  ValueId update_scalars;
};

// The forward graph, before any pass. Without `next_sentence` there is no pooler and no second loss.
PretrainingGraph pretraining_graph(const BertConfig& config, const ParameterLayout& layout,
                                   bool next_sentence, const Capacity& capacity, DType real, bool train);

// The graph of `cloze fill`: logits [M, padded vocabulary] of the rows named by prediction_rows.
constexpr const char* fill_logits = "logits";
Graph fill_graph(const BertConfig& config, const ParameterLayout& layout, const Capacity& capacity,
                 DType real);

}  // namespace cloze
