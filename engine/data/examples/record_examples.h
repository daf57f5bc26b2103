#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "engine/data/examples/example.h"
#include "engine/data/examples/record_policy.h"
#include "engine/data/examples/task_description.h"

namespace cloze {

// A file being read: its text, its name for messages, and what it is read for.
struct ExampleInput {
  std::function<std::string_view()> blocks;
  std::string name;
  const TaskDescription& task;
  ExampleUse use;
};

// One of these for each format; each appends to `set` and returns how the file is laid out, for the log:
// "tsv, 5 columns, a header (the first row has `#1 String`, `#2 String`)".
std::string read_table_examples(ExampleInput input, FileFormat format, std::string_view head,
                                RecordPolicy& policy, ExampleSet& set);
std::string read_json_examples(ExampleInput input, RecordPolicy& policy, ExampleSet& set);
std::string read_conll_examples(ExampleInput input, RecordPolicy& policy, ExampleSet& set);

// The label an alias of the task stands for, else the text itself.
std::string meant_label(const TaskDescription& task, std::string written);

}  // namespace cloze
