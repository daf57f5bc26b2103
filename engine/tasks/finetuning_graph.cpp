#include "engine/tasks/finetuning_graph.h"

#include "engine/ops/cross_entropy.h"
#include "engine/ops/rows.h"
#include "engine/ops/segment_cross_entropy.h"
#include "engine/ops/squared_error.h"
#include "engine/tasks/pretraining_graph.h"
#include "kernels/optimizer/optimizer.h"

namespace cloze {
namespace {

namespace names = finetuning_names;

// What the losses of all tasks share.
class LossBuilder {
 public:
  LossBuilder(const FinetuningModel& model, const Capacity& capacity, DType real, bool train, Graph& graph)
      : model_(model), capacity_(capacity), real_(real), train_(train), graph_(graph) {
    scale_ = graph.add_input(names::scale, {real, 1, 1});
  }

  struct Outputs {
    ValueId loss, row_loss;
  };
  Outputs add(ValueId logits, const SequenceInputs& sequences) {
    switch (model_.form()) {
      case TaskForm::span:
        return segments(logits, sequences.offsets, capacity_.sequences, 2, Axis::sequences);
      case TaskForm::choice: {
        const ValueId offsets = graph_.add_input(
            names::choice_offsets, {DType::i32, 1, capacity_.predictions + 1, Axis::predictions});
        return segments(logits, offsets, capacity_.predictions, 1, Axis::predictions);
      }
      case TaskForm::tokens:
        return classes(logits, capacity_.predictions, Axis::predictions);
      case TaskForm::one_per_sequence:
        break;
    }
    if (model_.kind == TaskKind::regression) return regression(logits);
    return classes(logits, capacity_.sequences, Axis::sequences);
  }

 private:
  Outputs classes(ValueId logits, int64_t rows, Axis axis) {
    const ValueId labels = graph_.add_input(names::labels, {DType::i32, rows, 1, axis});
    const ValueId weights =
        model_.weighted ? graph_.add_input(names::weights, {real_, rows, 1, axis}) : no_value;
    const float smoothing = train_ ? model_.label_smoothing : 0;
    const CrossEntropyOutputs outputs =
        cross_entropy(graph_, logits, labels, scale_,
                      {.classes = model_.head.outputs, .smoothing = smoothing, .weights = weights}, train_);
    return {outputs.loss, outputs.row_loss};
  }
  Outputs segments(ValueId logits, ValueId offsets, int64_t segments, int64_t columns, Axis axis) {
    const ValueId labels = graph_.add_input(names::labels, {DType::i32, segments, columns, axis});
    const SegmentCrossEntropyOutputs outputs =
        segment_cross_entropy(graph_, logits, offsets, labels, scale_, train_);
    return {outputs.loss, outputs.row_loss};
  }
  Outputs regression(ValueId logits) {
    const ValueId scores = graph_.add_input(names::scores, {real_, capacity_.sequences, 1, Axis::sequences});
    const SquaredErrorOutputs outputs = squared_error(graph_, logits, scores, scale_, train_);
    return {outputs.loss, outputs.row_loss};
  }

  const FinetuningModel& model_;
  const Capacity& capacity_;
  const DType real_;
  const bool train_;
  Graph& graph_;
  ValueId scale_;
};

// The rows the head works on and the keys of their dropout.
struct HeadRows {
  ValueId rows, row_ids;
};
HeadRows head_rows(BertBuilder& bert, const FinetuningModel& model, const Capacity& capacity,
                   ValueId output) {
  const TaskForm form = model.form();
  if (form == TaskForm::span) return {output, bert.inputs.row_ids};
  if (form == TaskForm::tokens) {
    const ValueId ids =
        bert.graph.add_input(names::head_row_ids, {DType::i32, capacity.predictions, 2, Axis::predictions});
    const ValueId rows = bert.graph.add_input(pretraining_names::prediction_rows,
                                              {DType::i32, capacity.predictions, 1, Axis::predictions});
    bert.graph.set_scope(model.head.name);
    return {gather_rows(bert.graph, output, rows), ids};
  }
  const ValueId ids =
      bert.graph.add_input(names::head_row_ids, {DType::i32, capacity.sequences, 2, Axis::sequences});
  return {pooled_rows(bert, model.head, output), ids};
}

}  // namespace

TaskForm FinetuningModel::form() const {
  switch (kind) {
    case TaskKind::tagging:
      return TaskForm::tokens;
    case TaskKind::multiple_choice:
      return TaskForm::choice;
    case TaskKind::question_answering:
      return TaskForm::span;
    case TaskKind::classification:
    case TaskKind::regression:
      break;
  }
  return TaskForm::one_per_sequence;
}

TaskHead bert_head(TaskKind kind, int64_t labels) {
  switch (kind) {
    case TaskKind::question_answering:
      return {.pooling = Pooling::tokens, .outputs = 2, .dropout = 0, .name = "qa_outputs"};
    case TaskKind::tagging:
      return {.pooling = Pooling::tokens, .outputs = labels};
    case TaskKind::regression:
    case TaskKind::multiple_choice:
      return {.outputs = 1};
    case TaskKind::classification:
      break;
  }
  return {.outputs = labels};
}

ParameterLayout finetuning_parameters(const BertConfig& config, const TaskHead& head, VocabularyRows rows) {
  ParameterLayout layout = bert_parameters(
      config, {.pooler = head.pooling == Pooling::pooler, .masked_language = false, .next_sentence = false},
      rows);
  add_task_head(layout, head, config.hidden_size);
  return layout;
}

FinetuningGraph finetuning_graph(const FinetuningModel& model, const ParameterLayout& layout,
                                 const Capacity& capacity, DType real, bool train) {
  FinetuningGraph task;
  Graph& graph = task.graph;
  BertBuilder bert(graph, model.config, layout, real, train, add_sequence_inputs(graph, capacity));
  bert.freeze_below(model.frozen_depth);
  task.update_scalars =
      graph.add_input(pretraining_names::update_scalars, {real, 1, OptimizerScalars::count});
  const ValueId output = encoder(bert);
  const HeadRows head = head_rows(bert, model, capacity, output);
  const ValueId logits = task_logits(bert, model.head, head.rows, head.row_ids);
  // In training the gradient of the logits may take their place, so they are no result there.
  if (!train) graph.mark_result(names::logits, logits);
  graph.set_scope("loss");
  const LossBuilder::Outputs loss = LossBuilder(model, capacity, real, train, graph).add(logits, bert.inputs);
  task.losses.push_back(loss.loss);
  graph.mark_result(names::loss, loss.loss);
  graph.mark_result(names::row_loss, loss.row_loss);
  return task;
}

}  // namespace cloze
