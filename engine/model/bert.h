#pragma once

#include <map>
#include <string>

#include "engine/graph/capacity.h"
#include "engine/graph/graph.h"
#include "engine/graph/parameters.h"
#include "engine/model/bert_config.h"
#include "engine/model/bert_parameters.h"
#include "engine/ops/shape_rules.h"

// BERT (Devlin et al. 2019) as graph builders. Nothing here mentions a device, a fused kernel or a gradient.
// T tokens, S sequences, H hidden size, I intermediate size.
namespace cloze {

// Step inputs every model over packed sequences has; names as in `sequence_inputs`.
struct SequenceInputs {
  ValueId tokens, token_types, positions;  // i32 [T, 1]
  ValueId row_ids;                         // i32 [T, 2]
  ValueId token_order;                     // i32 [T, 1]
  ValueId offsets;                         // i32 [1, S + 1]
  ValueId first_rows;                      // i32 [S, 1]
  ValueId dropout_key;                     // i32 [1, 2]
  int64_t longest = 0;                     // as Capacity has it
};

namespace sequence_inputs {
constexpr const char* tokens = "tokens";
constexpr const char* token_types = "token_types";
constexpr const char* positions = "positions";
constexpr const char* row_ids = "row_ids";
constexpr const char* token_order = "token_order";
constexpr const char* offsets = "sequence_offsets";
constexpr const char* first_rows = "first_rows";
constexpr const char* dropout_key = "dropout_key";
}  // namespace sequence_inputs

SequenceInputs add_sequence_inputs(Graph& graph, const Capacity& capacity);

// What the builders need to know while they write a model into a graph.
class BertBuilder {
 public:
  BertBuilder(Graph& into, const BertConfig& sizes, const ParameterLayout& layout, DType real,
              bool for_training, const SequenceInputs& step_inputs)
      : graph(into), config(sizes), train(for_training), inputs(step_inputs), layout_(layout), real_(real) {}

  // Parameters below this depth (depth_of) get no gradient; 0: all are trained.
  void freeze_below(int64_t depth) { frozen_depth_ = depth; }

  // The parameter as a value, the same each time; `stacked` of equal shape side by side in the layout.
  ValueId parameter(const std::string& name, int64_t stacked = 1);
  ValueId dense(ValueId x, const std::string& name);  // name.weight, name.bias
  // layer_norm(dropout(x) + residual) with name.weight, name.bias
  ValueId norm(ValueId x, ValueId residual, const std::string& name, DropoutSite dropout = {});
  DropoutSite dropout(float probability, uint32_t site) const { return {train ? probability : 0.0f, site}; }

  Graph& graph;
  const BertConfig& config;
  const bool train;
  const SequenceInputs inputs;

 private:
  const ParameterLayout& layout_;
  DType real_;
  int64_t frozen_depth_ = 0;
  std::map<std::string, ValueId> values_;
};

ValueId embeddings(BertBuilder& bert);                               // [T, H]
ValueId encoder_layer(BertBuilder& bert, ValueId x, int64_t layer);  // [T, H]
ValueId encoder(BertBuilder& bert);                                  // embeddings and all layers: [T, H]
ValueId pooler(BertBuilder& bert, ValueId sequence_output);          // [S, H]: tanh(dense([CLS]))
// Logits over the padded vocabulary of the rows named by `prediction_rows` (i32 [M, 1]): [M, padded
// vocabulary]
ValueId masked_language_logits(BertBuilder& bert, ValueId sequence_output, ValueId prediction_rows);
ValueId next_sentence_logits(BertBuilder& bert, ValueId pooled);  // [S, 2]

}  // namespace cloze
