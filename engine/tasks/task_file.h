#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/examples/encode_examples.h"
#include "engine/data/examples/example_encoder.h"
#include "engine/data/squad/question_windows.h"
#include "engine/tasks/metrics/task_metrics.h"
#include "engine/tasks/task_inference.h"
#include "engine/tasks/task_items.h"

// A file of examples as the loop of fine-tuning sees it, whatever the task: items to batch, scores to report,
// files to write.
namespace cloze {

// A named score: "accuracy", "f1", "exact_match".
struct TaskScore {
  std::string name;
  double value = 0;
  bool less_is_better = false;
};

class TaskFile : public TaskItems {
 public:
  // Examples as people count them: rows, or questions (of which each has one or more windows).
  virtual size_t examples() const = 0;
  // Calls `use` with the text of every example in order, labels left out: the two texts of a pair, a context
  // and its endings, a line each; of questions every passage once.
  virtual void for_each_text(const std::function<void(const std::string& text)>& use) const = 0;
  // The item in full, for the log.
  virtual std::string show(size_t index, const std::string& set_name) const = 0;
  // The task's scores, the most telling first; empty where the file has no labels.
  virtual std::vector<TaskScore> score(const TaskOutputs& outputs) const = 0;
  // One example's prediction as a line of JSON.
  virtual std::string prediction_line(size_t example, const TaskOutputs& outputs) const = 0;
  // Google's files and Cloze's own, into a folder that is there; returns their names.
  virtual std::vector<std::string> write_predictions(const TaskOutputs& outputs,
                                                     const std::filesystem::path& folder) const = 0;
};

// What turns a file into items: the task, its labels and the tokenizer.
struct TaskReading {
  TaskDescription task;
  LabelSet labels;
  SquadOptions squad;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::vector<float> class_weights;  // [labels], or empty: all 1
  int threads = 1;
};

// Texts, pairs, words, endings: their examples, encoded.
std::unique_ptr<TaskFile> encode_text_file(const TaskReading& reading, ExampleSet set, ExampleUse use);
// Questions about passages: their windows.
std::unique_ptr<TaskFile> read_question_task(const TaskReading& reading, const std::filesystem::path& path,
                                             ExampleUse use);

// Either, by the kind of the task.
std::unique_ptr<TaskFile> read_task_file(const TaskReading& reading, const std::filesystem::path& path,
                                         ExampleUse use);

}  // namespace cloze
