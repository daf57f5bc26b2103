#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/tasks/outputs/result_files.h"
#include "engine/tasks/task_inference.h"
#include "engine/train/finetune_files.h"
#include "engine/train/finetune_options.h"

// What a run of fine-tuning leaves for people and other programs.
namespace cloze {

// eval_results.txt as run_classifier.py names things: eval_accuracy and so on, eval_loss, global_step, loss.
EvaluationResults evaluation_results(const std::vector<TaskScore>& scores, const TaskOutputs& outputs,
                                     int64_t step);

// With the run's best checkpoint: eval_results.txt of the validation file, and the predictions of `data.test`
// (of questions, of the validation file where there is no test file).
void write_finetuning_results(const FinetuneOptions& options, const FinetuningFiles& files);

// The numbers of OUTPUT/eval_results.txt; empty where there is none.
std::map<std::string, double> read_evaluation_results(const std::filesystem::path& output);

struct SeedResult {
  uint64_t seed = 0;
  std::map<std::string, double> results;
};
// OUTPUT/seeds.json: each seed's results, their mean, and their standard deviation (of a sample).
void write_seed_summary(const std::filesystem::path& output, const std::vector<SeedResult>& results);

}  // namespace cloze
