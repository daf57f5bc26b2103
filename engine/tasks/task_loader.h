#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/data/batch_split.h"
#include "engine/data/ordered_pipeline.h"
#include "engine/tasks/task_items.h"

namespace cloze {

struct TaskLoaderOptions {
  int64_t batch = 32;  // examples of a step
  int64_t micro_batch_tokens = 4096;
  bool endless = true;  // epoch after epoch, for training; else one pass
  bool shuffle = true;  // else in the order of the file
  uint64_t seed = 1;
  int steps_ahead = 4;
};

// What is computed in one step.
struct TaskStep {
  int64_t step = 0;
  std::vector<TaskBatch> micro_batches;
  size_t first_item = 0;  // of the stream, without shuffling
  int64_t items = 0;
  double label_weight = 0;  // of all micro-batches
};

// The capacities a file needs: the largest holds the longest example, and up to micro_batch_tokens of a step.
std::vector<Capacity> task_ladder(const TaskItems& items, TaskForm form, const TaskLoaderOptions& options);

// Steps of examples, made ahead in the background. Step n takes the examples [n · batch, (n + 1) · batch) of
// an endless stream of epochs, each in an order of its own: a pure function of (seed, n), so that a resumed
// run sees what the uninterrupted one saw. Of one pass the last step may be short.
class TaskLoader {
 public:
  TaskLoader(const TaskItems& items, TaskForm form, TaskLoaderOptions options);

  // Any step; consecutive ones are made ahead. Valid until the next call.
  const TaskStep& next(int64_t step);

  // Steps of one pass, the last one short.
  int64_t steps_of_a_pass() const;
  const std::vector<Capacity>& ladder() const { return ladder_; }

 private:
  struct Work {
    TaskStep made;
    std::unique_ptr<TaskPacker> packer;
    std::vector<TaskItem> items;
    std::vector<SequenceSize> sizes;      // [items]
    std::vector<int64_t> first_sequence;  // [items + 1]
  };
  void make(Work& work) const;
  size_t index_at(uint64_t position) const;

  const TaskItems& items_;
  TaskForm form_;
  TaskLoaderOptions options_;
  std::vector<Capacity> ladder_;
  int64_t expected_ = -1;
  Work current_;
  std::unique_ptr<OrderedPipeline<Work>> pipeline_;
};

}  // namespace cloze
