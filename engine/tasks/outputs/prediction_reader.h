#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/data/examples/example.h"
#include "engine/data/examples/label_set.h"
#include "engine/data/examples/task_description.h"

namespace cloze {

// A prediction somebody wrote, as text: the label, or the score of regression.
struct WrittenPrediction {
  std::string id;  // empty where the file has none
  std::string answer;
  int64_t line = 0;
};

// Reads predictions in any of the forms there are:
//   JSONL with `id` and `label` or `score`                           (Cloze's)
//   TSV with a header `id` and `label` or `score`                    (Cloze's)
//   TSV with a header `index` and `prediction`                       (GLUE's)
//   TSV without header: a probability for every label, or one score  (test_results.tsv)
// Throws Error with file:line for a file of no such form.
std::vector<WrittenPrediction> read_predictions(const std::filesystem::path& file,
                                                const TaskDescription& task, const LabelSet& labels);

// The answers in the order of the examples: by id where every example has one prediction of its id, else line
// by line where there are as many predictions as examples (and the log says so). Throws Error otherwise.
std::vector<WrittenPrediction> in_order_of(const ExampleSet& set, std::vector<WrittenPrediction> predictions,
                                           const std::filesystem::path& file);

}  // namespace cloze
