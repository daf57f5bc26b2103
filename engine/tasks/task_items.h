#pragma once

#include <cstddef>

#include "engine/data/examples/task_batch.h"

namespace cloze {

// The examples of one file as batches take them, in the order of the file.
class TaskItems {
 public:
  virtual ~TaskItems() = default;
  virtual size_t size() const = 0;
  // Views into this object; cheap, and callable from any number of threads.
  virtual TaskItem item(size_t index) const = 0;
};

}  // namespace cloze
