#include "engine/tasks/finetuning_program.h"

#include <numeric>
#include <utility>

#include "engine/model/encoder_scaling.h"
#include "engine/tasks/pretraining_graph.h"

namespace cloze {

FinetuningProgram::FinetuningProgram(std::unique_ptr<Executable> executable, TaskForm form)
    : executable_(std::move(executable)),
      form_(form),
      sequences_(*executable_),
      needed_rows_(*executable_),
      update_(*executable_) {
  namespace names = finetuning_names;
  const Executable& compiled = *executable_;
  prediction_rows_ = compiled.input(pretraining_names::prediction_rows);
  update_scalars_ = compiled.input(pretraining_names::update_scalars);
  head_row_ids_ = compiled.input(names::head_row_ids);
  labels_ = compiled.input(names::labels);
  scores_ = compiled.input(names::scores);
  weights_ = compiled.input(names::weights);
  scale_ = compiled.input(names::scale);
  choice_offsets_ = compiled.input(names::choice_offsets);
  logits_ = compiled.result(names::logits);
  row_loss_ = compiled.result(names::row_loss);
}

void FinetuningProgram::load(const TaskBatch& batch, const FinetuningStepInputs& inputs) {
  Executable& target = *executable_;
  sequences_.load(target, batch.sequences, inputs.dropout_key);
  const auto asked = static_cast<size_t>(form_ == TaskForm::tokens ? batch.live_predictions : 0);
  needed_rows_.load(target, batch.sequences, std::span(batch.prediction_rows).first(asked));
  target.set_live(Axis::predictions, batch.live_predictions);
  const auto write = [&](Slot slot, const auto& values) {
    if (slot) target.write(slot, std::span(values));
  };
  write(prediction_rows_, batch.prediction_rows);
  write(head_row_ids_, batch.head_row_ids);
  write(labels_, batch.labels);
  write(scores_, batch.scores);
  write(weights_, batch.weights);
  write(choice_offsets_, batch.choice_offsets);
  // Start and end count half each (google-research/bert, run_squad.py).
  const double share = form_ == TaskForm::span ? 0.5 : 1;
  const float scale = inputs.label_weight > 0 ? static_cast<float>(share / inputs.label_weight) : 0.0f;
  target.write(scale_, std::span<const float>(&scale, 1));
  if (update_scalars_) target.write(update_scalars_, std::span<const float>(inputs.update_scalars));
}

int64_t FinetuningProgram::head_rows(const TaskBatch& batch) const {
  switch (form_) {
    case TaskForm::tokens:
      return batch.live_predictions;
    case TaskForm::span:
      return batch.sequences.live_tokens;
    case TaskForm::one_per_sequence:
    case TaskForm::choice:
      break;
  }
  return batch.sequences.live_sequences;
}

size_t FinetuningProgram::read_logits(const TaskBatch& batch, std::span<float> logits) const {
  const auto count = static_cast<size_t>(head_rows(batch) * executable_->type(logits_).columns);
  executable_->read(logits_, logits.first(count));
  return count;
}

double FinetuningProgram::loss_sum(const TaskBatch& batch) {
  const bool predictions = form_ == TaskForm::tokens || form_ == TaskForm::choice;
  const int64_t rows = predictions ? batch.live_predictions : batch.sequences.live_sequences;
  row_loss_values_.resize(static_cast<size_t>(rows * executable_->type(row_loss_).columns));
  executable_->read(row_loss_, std::span<float>(row_loss_values_));
  const double sum = std::accumulate(row_loss_values_.begin(), row_loss_values_.end(), 0.0);
  return form_ == TaskForm::span ? sum / 2 : sum;
}

FinetuningProgram& FinetuningPrograms::get(const Capacity& capacity, bool train, MicroBatch place) {
  return cache_.get({capacity, train, place}, [&] {
    FinetuningGraph task = finetuning_graph(model_, layout_, capacity, engine_.real(), train);
    run_passes(task.graph, {.target = engine_.target(),
                            .train = train,
                            .losses = task.losses,
                            .recompute = options_.recompute,
                            .micro_batch = place,
                            .parameter_elements = layout_.elements(),
                            .update_scalars = task.update_scalars,
                            .update = options_.update,
                            .scaling = encoder_scaling(layout_, engine_.target().precision)});
    return std::make_unique<FinetuningProgram>(engine_.compile(std::move(task.graph), options_.memory),
                                               model_.form());
  });
}

}  // namespace cloze
