#include "engine/tasks/task_inference.h"

#include <algorithm>

#include "engine/tasks/task_loader.h"

namespace cloze {
namespace {

size_t logit_rows(const TaskItem& item, TaskForm form) {
  switch (form) {
    case TaskForm::tokens:
      return static_cast<size_t>(item_size(item, form).predictions);
    case TaskForm::span:
      return item.sequences.front().tokens.size();
    case TaskForm::one_per_sequence:
    case TaskForm::choice:
      break;
  }
  return item.sequences.size();
}

}  // namespace

TaskOutputs infer(FinetuningPrograms& programs, const TaskItems& items, int64_t batch,
                  int64_t micro_batch_tokens, const std::function<void(size_t)>& progress) {
  const TaskForm form = programs.model().form();
  TaskOutputs outputs{.outputs = programs.model().head.outputs, .first_rows = {0}};
  for (size_t i = 0; i < items.size(); ++i) {
    outputs.first_rows.push_back(outputs.first_rows.back() + logit_rows(items.item(i), form));
  }
  outputs.logits.resize(outputs.first_rows.back() * static_cast<size_t>(outputs.outputs));
  if (items.size() == 0) return outputs;
  TaskLoader loader(
      items, form,
      {.batch = batch, .micro_batch_tokens = micro_batch_tokens, .endless = false, .shuffle = false});
  double loss = 0, weight = 0;
  std::span<float> unread = outputs.logits;
  for (int64_t step = 0; step < loader.steps_of_a_pass(); ++step) {
    const TaskStep& examples = loader.next(step);
    for (const TaskBatch& micro_batch : examples.micro_batches) {
      FinetuningProgram& program = programs.evaluation(micro_batch.capacity);
      program.load(micro_batch, {.label_weight = micro_batch.label_weight});
      program.run();
      unread = unread.subspan(program.read_logits(micro_batch, unread));
      outputs.tokens += micro_batch.sequences.live_tokens;
      if (micro_batch.label_weight > 0) loss += program.loss_sum(micro_batch);
      weight += micro_batch.label_weight;
    }
    if (progress) progress(examples.first_item + static_cast<size_t>(examples.items));
  }
  outputs.loss = weight > 0 ? loss / weight : 0;
  return outputs;
}

}  // namespace cloze
