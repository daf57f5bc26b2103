#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/data/examples/encoded_sequence.h"
#include "engine/data/packed_batch.h"
#include "engine/graph/capacity.h"

namespace cloze {

// One example as a batch takes it: views of what was encoded once. Only what its task asks for is set.
struct TaskItem {
  std::span<const EncodedSequence> sequences;  // one; of multiple choice one per ending
  int32_t label = -1;                          // class, or the right ending
  float score = 0;                             // regression
  float weight = 1;                            // of its class
  std::span<const int32_t> rows;          // tagging: the tokens that are asked about, ascending (< 0: none)
  std::span<const int32_t> token_labels;  // tagging: [length] label ids, -1: none
  int32_t start = -1, end = -1;           // question answering: tokens of the answer
};

// Which arrays of a batch are filled, beside the sequences.
enum class TaskForm : uint8_t {
  one_per_sequence,  // a label or score for each sequence
  tokens,            // a label for some tokens
  choice,            // one of several sequences side by side
  span,              // two tokens of each sequence
};

// A micro-batch of a fine-tuning task. S sequences, M predictions: asked tokens (tokens) or examples
// (choice).
struct TaskBatch {
  Capacity capacity;
  PackedSequences sequences;
  int64_t live_predictions = 0;
  std::vector<int32_t> labels;  // one_per_sequence [S, 1], choice and tokens [M, 1], span [S, 2]; -1: none
  std::vector<float> scores;    // [S, 1] regression
  std::vector<float> weights;   // as labels have rows
  std::vector<int32_t> head_row_ids;     // keys of the head's dropout: [S, 2], tokens: [M, 2]
  std::vector<int32_t> prediction_rows;  // tokens: [M, 1] rows of T, ascending
  std::vector<int32_t> choice_offsets;   // choice: [M + 1] into the sequences
  double label_weight = 0;               // sum of weights of what has a label
};

// The room that an item takes.
Capacity item_size(const TaskItem& item, TaskForm form);

class TaskPacker {
 public:
  explicit TaskPacker(TaskForm form) : form_(form) {}

  // Packs the items at the smallest rung that holds them; `first_index` is the place of the first one's first
  // sequence in the global batch. Reuses the batch's memory. Throws Error where no rung is large enough.
  void pack(std::span<const TaskItem> items, int64_t first_index, const std::vector<Capacity>& ladder,
            TaskBatch& batch);

 private:
  void begin(const Capacity& capacity, TaskBatch& batch) const;
  void append(const TaskItem& item, int64_t first_index, TaskBatch& batch) const;
  void append_labels(const TaskItem& item, int64_t first_row, TaskBatch& batch) const;
  void set_label(TaskBatch& batch, int64_t row, int32_t label, float weight) const;

  TaskForm form_;
  std::vector<int32_t> scratch_;
};

}  // namespace cloze
