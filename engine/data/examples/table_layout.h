#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/data/examples/example.h"
#include "engine/data/examples/task_description.h"

namespace cloze {

// Where the columns of a layout are in one file: indexes of cells, from 0.
struct FittedLayout {
  bool header = false;
  std::string why_header;  // for the log: "the first row names `sentence` and `label`"
  size_t columns = 0;      // of every row
  std::optional<size_t> id, text_b, label;
  size_t text_a = 0;
  std::vector<size_t> endings;
  std::vector<std::pair<size_t, std::string>> keep;
};

// Picks the first layout of the task that suits a file by its first row.
//   A layout with names suits when the row holds those of the texts; the row is the header then.
//   A layout of numbers suits when there are enough columns, or as many as it asks for. Unless the task says
//   which, the row is a header when its label (of a layout without labels: its text or id) reads like the
//   name of a column ("label", "sentence", "id") and is none of the task's labels.
// Throws Error at `where` when none suits, or for a file that needs labels and has none.
FittedLayout fit_layout(const TaskDescription& task, ExampleUse use, std::span<const std::string> first_row,
                        const std::string& where);

}  // namespace cloze
