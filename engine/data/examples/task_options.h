#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/examples/task_description.h"

// The `task` section of the YAML of `cloze finetune`. Each field is described once, in task_options.cpp.
namespace cloze {

class Fields;

struct ColumnOptions {
  std::optional<std::string> id, text_a, text_b, label;
  std::vector<std::string> endings;
};

struct TaskOptions {
  std::optional<TaskPreset> preset;
  std::optional<TaskKind> kind;
  std::optional<FileFormat> format;
  std::optional<HeaderRule> header;
  std::optional<std::string> delimiter;
  std::optional<bool> newline_escapes;
  ColumnOptions columns;
  std::map<std::string, std::string> keep;
  std::vector<std::string> labels;
  std::map<std::string, std::string> label_aliases;
  std::optional<MalformedRows> malformed_rows;
  SequenceOptions sequences;  // its keys stand in `task` itself
};

void describe(Fields& fields, ColumnOptions& options);
void describe(Fields& fields, TaskOptions& options);

// The preset with whatever the options state in its place. Without a preset: classification of the column
// `text` by the column `label`, or what belongs to the kind. Throws UsageError for options that contradict
// each other.
TaskDescription describe_task(const TaskOptions& options);

// The preset alone.
TaskDescription describe_task(TaskPreset preset);

// All presets by name, for options and commands.
std::vector<std::string> task_preset_names();
TaskPreset task_preset(const std::string& name);  // throws UsageError, naming the nearest
const std::string& name_of(TaskPreset preset);
const std::string& name_of(TaskKind kind);

}  // namespace cloze
