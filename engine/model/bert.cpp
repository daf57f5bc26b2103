#include "engine/model/bert.h"

#include "engine/ops/activation.h"
#include "engine/ops/attention.h"
#include "engine/ops/embedding.h"
#include "engine/ops/layer_norm.h"
#include "engine/ops/linear.h"
#include "engine/ops/rows.h"

namespace cloze {
namespace {

// Dropout sites, numbered once and for all: their masks are part of what a seed means.
constexpr uint32_t embedding_site = 0;
uint32_t attention_site(int64_t layer) {
  return static_cast<uint32_t>(1 + 3 * layer);
}
uint32_t attention_output_site(int64_t layer) {
  return static_cast<uint32_t>(2 + 3 * layer);
}
uint32_t output_site(int64_t layer) {
  return static_cast<uint32_t>(3 + 3 * layer);
}

}  // namespace

SequenceInputs add_sequence_inputs(Graph& graph, const Capacity& capacity) {
  const auto per_token = [&](const char* name, int64_t columns) {
    return graph.add_input(name, {DType::i32, capacity.tokens, columns, Axis::tokens});
  };
  return {
      .tokens = per_token(sequence_inputs::tokens, 1),
      .token_types = per_token(sequence_inputs::token_types, 1),
      .positions = per_token(sequence_inputs::positions, 1),
      .row_ids = per_token(sequence_inputs::row_ids, 2),
      .token_order = per_token(sequence_inputs::token_order, 1),
      .offsets =
          graph.add_input(sequence_inputs::offsets, {DType::i32, 1, capacity.sequences + 1, Axis::sequences}),
      .first_rows =
          graph.add_input(sequence_inputs::first_rows, {DType::i32, capacity.sequences, 1, Axis::sequences}),
      .dropout_key = graph.add_input(sequence_inputs::dropout_key, {DType::i32, 1, 2}),
      .longest = capacity.longest,
  };
}

ValueId BertBuilder::parameter(const std::string& name, int64_t stacked) {
  ValueId& value = values_[name];
  if (!value) {
    const int64_t rows = layout_.at(name).vector ? stacked : layout_.at(name).rows * stacked;
    value = parameter_value(graph, layout_, name, real_, rows);
    if (depth_of(name, config.layers) < frozen_depth_) graph.freeze(value);
  }
  return value;
}

ValueId BertBuilder::dense(ValueId x, const std::string& name) {
  return linear(graph, x, parameter(name + ".weight"), parameter(name + ".bias"));
}

ValueId BertBuilder::norm(ValueId x, ValueId residual, const std::string& name, DropoutSite dropout) {
  return layer_norm(graph,
                    {.x = x,
                     .residual = residual,
                     .gamma = parameter(name + ".weight"),
                     .beta = parameter(name + ".bias"),
                     .key = inputs.dropout_key,
                     .row_ids = inputs.row_ids},
                    config.layer_norm_epsilon, dropout, train);
}

ValueId embeddings(BertBuilder& bert) {
  bert.graph.set_scope("embeddings");
  const std::string norm = bert_names::embedding_norm;
  return embedding(bert.graph,
                   {.tokens = bert.inputs.tokens,
                    .token_types = bert.inputs.token_types,
                    .positions = bert.inputs.positions,
                    .token_order = bert.inputs.token_order,
                    .word = bert.parameter(bert_names::word),
                    .type = bert.parameter(bert_names::type),
                    .position = bert.parameter(bert_names::position),
                    .gamma = bert.parameter(norm + ".weight"),
                    .beta = bert.parameter(norm + ".bias"),
                    .key = bert.inputs.dropout_key,
                    .row_ids = bert.inputs.row_ids},
                   bert.config.layer_norm_epsilon, bert.dropout(bert.config.hidden_dropout, embedding_site),
                   bert.train);
}

namespace {

// layer_norm(dropout(dense(attention(x))) + x)
ValueId attention_block(BertBuilder& bert, ValueId x, int64_t layer) {
  const std::string name = bert_names::layer(layer);
  bert.graph.set_scope("encoder.layer." + std::to_string(layer) + ".attention");
  const ValueId query_key_value =
      linear(bert.graph, x, bert.parameter(name + ".attention.self.query.weight", 3),
             bert.parameter(name + ".attention.self.query.bias", 3));  // [T, 3 H]
  const ValueId context = attention(
      bert.graph,
      {.query = query_key_value,
       .query_offsets = bert.inputs.offsets,
       .key_offsets = bert.inputs.offsets,
       .key = bert.inputs.dropout_key,
       .row_ids = bert.inputs.row_ids},
      {.heads = bert.config.heads,
       .dropout = bert.dropout(bert.config.attention_dropout, attention_site(layer)),
       .longest_sequence = bert.inputs.longest > 0 ? bert.inputs.longest : bert.config.max_positions});
  return bert.norm(bert.dense(context, name + ".attention.output.dense"), x,
                   name + ".attention.output.LayerNorm",
                   bert.dropout(bert.config.hidden_dropout, attention_output_site(layer)));
}

// layer_norm(dropout(dense(activation(dense(x)))) + x)
ValueId feed_forward_block(BertBuilder& bert, ValueId x, int64_t layer) {
  const std::string name = bert_names::layer(layer);
  bert.graph.set_scope("encoder.layer." + std::to_string(layer) + ".feed_forward");
  const ValueId hidden =
      activation(bert.graph, bert.dense(x, name + ".intermediate.dense"), bert.config.activation);  // [T, I]
  return bert.norm(bert.dense(hidden, name + ".output.dense"), x, name + ".output.LayerNorm",
                   bert.dropout(bert.config.hidden_dropout, output_site(layer)));
}

}  // namespace

ValueId encoder_layer(BertBuilder& bert, ValueId x, int64_t layer) {
  return feed_forward_block(bert, bert.config.attention ? attention_block(bert, x, layer) : x, layer);
}

ValueId encoder(BertBuilder& bert) {
  ValueId x = embeddings(bert);
  for (int64_t layer = 0; layer < bert.config.layers; ++layer) x = encoder_layer(bert, x, layer);
  return x;
}

ValueId pooler(BertBuilder& bert, ValueId sequence_output) {
  bert.graph.set_scope("pooler");
  const ValueId first = gather_rows(bert.graph, sequence_output, bert.inputs.first_rows);  // [S, H]
  return activation(bert.graph, bert.dense(first, bert_names::pooler), Activation::tanh);
}

ValueId masked_language_logits(BertBuilder& bert, ValueId sequence_output, ValueId prediction_rows) {
  bert.graph.set_scope("masked_language");
  const ValueId rows = gather_rows(bert.graph, sequence_output, prediction_rows);  // [M, H]
  const ValueId hidden =
      activation(bert.graph, bert.dense(rows, bert_names::transform), bert.config.activation);
  const ValueId normed = bert.norm(hidden, no_value, bert_names::transform_norm);
  return linear(bert.graph, normed, bert.parameter(bert_names::word),
                bert.parameter(bert_names::prediction_bias));
}

ValueId next_sentence_logits(BertBuilder& bert, ValueId pooled) {
  bert.graph.set_scope("next_sentence");
  return bert.dense(pooled, bert_names::next_sentence);
}

}  // namespace cloze
