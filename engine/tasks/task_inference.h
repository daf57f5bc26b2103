#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "engine/tasks/finetuning_program.h"
#include "engine/tasks/task_items.h"

namespace cloze {

// What the model says of every example of a file: logits [rows, outputs]. An example's rows are its sequence
// (one row; of multiple choice one per ending), its asked tokens in order (tagging), or all its tokens
// (question answering).
struct TaskOutputs {
  int64_t outputs = 0;             // columns
  std::vector<float> logits;       // [rows of all examples, outputs]
  std::vector<size_t> first_rows;  // [examples + 1]
  double loss = 0;                 // mean over labels; 0 without labels
  int64_t tokens = 0;

  std::span<const float> of(size_t example) const {
    const auto width = static_cast<size_t>(outputs);
    return std::span(logits).subspan(first_rows[example] * width,
                                     (first_rows[example + 1] - first_rows[example]) * width);
  }
};

// Runs the whole file once, `batch` examples at a time, without dropout. `progress`, where there is one,
// hears after every batch how many items are done.
TaskOutputs infer(FinetuningPrograms& programs, const TaskItems& items, int64_t batch,
                  int64_t micro_batch_tokens, const std::function<void(size_t done)>& progress = {});

}  // namespace cloze
