#pragma once

#include "engine/data/examples/task_description.h"

namespace cloze {

// The description of a task that Cloze knows by name.
TaskDescription preset_description(TaskPreset preset);

// Rows of the official training, validation and test files, for comparison; 0 where there is none or no
// official file.
struct OfficialRows {
  int training = 0, validation = 0, test = 0;
};
OfficialRows official_rows(TaskPreset preset);

}  // namespace cloze
