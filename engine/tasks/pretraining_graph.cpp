#include "engine/tasks/pretraining_graph.h"

#include "engine/ops/cross_entropy.h"
#include "kernels/optimizer/optimizer.h"

namespace cloze {
namespace {

ValueId scalar_input(Graph& graph, const char* name, DType real, int64_t columns = 1) {
  return graph.add_input(name, {real, 1, columns});
}

}  // namespace

PretrainingGraph pretraining_graph(const BertConfig& config, const ParameterLayout& layout,
                                   bool next_sentence, const Capacity& capacity, DType real, bool train) {
  namespace names = pretraining_names;
  PretrainingGraph task;
  Graph& graph = task.graph;
  BertBuilder bert(graph, config, layout, real, train, add_sequence_inputs(graph, capacity));
  const ValueType per_prediction{DType::i32, capacity.predictions, 1, Axis::predictions};
  const ValueId prediction_rows = graph.add_input(names::prediction_rows, per_prediction);
  const ValueId prediction_labels = graph.add_input(names::prediction_labels, per_prediction);
  const ValueId masked_scale = scalar_input(graph, names::masked_scale, real);
  const ValueId next_labels =
      graph.add_input(names::next_labels, {DType::i32, capacity.sequences, 1, Axis::sequences});
  const ValueId next_scale = scalar_input(graph, names::next_scale, real);
  task.update_scalars = scalar_input(graph, names::update_scalars, real, OptimizerScalars::count);

  const ValueId sequence_output = encoder(bert);
  const ValueId logits = masked_language_logits(bert, sequence_output, prediction_rows);
  const CrossEntropyOutputs masked = cross_entropy(graph, logits, prediction_labels, masked_scale,
                                                   {.classes = config.vocabulary_size}, train);
  task.losses.push_back(masked.loss);
  graph.mark_result(names::masked_loss, masked.loss);
  graph.mark_result(names::masked_row_loss, masked.row_loss);
  graph.mark_result(names::masked_correct, masked.row_correct);
  if (next_sentence) {
    const ValueId next_logits = next_sentence_logits(bert, pooler(bert, sequence_output));
    const CrossEntropyOutputs next =
        cross_entropy(graph, next_logits, next_labels, next_scale, {.classes = 2}, train);
    task.losses.push_back(next.loss);
    graph.mark_result(names::next_loss, next.loss);
    graph.mark_result(names::next_row_loss, next.row_loss);
    graph.mark_result(names::next_correct, next.row_correct);
  }
  return task;
}

Graph fill_graph(const BertConfig& config, const ParameterLayout& layout, const Capacity& capacity,
                 DType real) {
  Graph graph;
  BertBuilder bert(graph, config, layout, real, false, add_sequence_inputs(graph, capacity));
  const ValueId rows = graph.add_input(pretraining_names::prediction_rows,
                                       {DType::i32, capacity.predictions, 1, Axis::predictions});
  graph.mark_result(fill_logits, masked_language_logits(bert, encoder(bert), rows));
  return graph;
}

}  // namespace cloze
