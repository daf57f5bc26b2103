#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "engine/data/examples/example.h"
#include "engine/data/examples/task_description.h"

namespace cloze {

// Reads all examples of a file: packed or not, UTF-8 or UTF-16, in the format and layout the task describes
// or the file shows. The log says how many there are, in which layout, whether there was a header and why.
//
// Throws UsageError for a missing file, Error with file:line for what cannot be read: a row with a wrong
// number of columns, no column of a wanted name, a missing label or empty text (unless the file is read for
// prediction, which keeps every row), an unclosed quote, a JSON object cut in half, a file without examples.
// Question answering has a reader of its own.
ExampleSet read_examples(const std::filesystem::path& file, const TaskDescription& task, ExampleUse use);

// The same for text that comes in blocks; `file` is its name.
ExampleSet read_examples(std::function<std::string_view()> blocks, const std::filesystem::path& file,
                         const TaskDescription& task, ExampleUse use);

// The format of a file by its name (train.csv.gz is CSV), else by what it begins with.
FileFormat detect_format(const std::filesystem::path& file, std::string_view head, TaskKind kind);

// The file's name without the ending of its packing: train.csv for train.csv.gz.
std::filesystem::path without_packing(std::filesystem::path file);

}  // namespace cloze
