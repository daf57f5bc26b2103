#include "engine/train/finetune_results.h"

#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/log.h"
#include "engine/train/finetuned_model.h"

namespace cloze {

EvaluationResults evaluation_results(const std::vector<TaskScore>& scores, const TaskOutputs& outputs,
                                     int64_t step) {
  EvaluationResults results{{"global_step", step}};
  for (const TaskScore& score : scores) results["eval_" + score.name] = static_cast<float>(score.value);
  if (outputs.loss > 0) {
    results["eval_loss"] = static_cast<float>(outputs.loss);
    results["loss"] = static_cast<float>(outputs.loss);
  }
  return results;
}

void write_finetuning_results(const FinetuneOptions& options, const FinetuningFiles& files) {
  FinetunedModel model(options.output, {.threads = options.threads, .precision = options.precision});
  if (files.validation) {
    const TaskOutputs outputs = model.infer_file(*files.validation);
    const EvaluationResults results =
        evaluation_results(files.validation->score(outputs), outputs, model.step());
    const std::string text = evaluation_results_text(results);
    write_file(options.output / "eval_results.txt", text);
    log::info("***** Eval results ***** (step {})\n{}", model.step(), text);
    const bool questions = files.reading.task.kind == TaskKind::question_answering;
    if (questions && !options.data.test) files.validation->write_predictions(outputs, options.output);
  }
  if (!options.data.test) return;
  const auto test = read_task_file(model.reading(), *options.data.test, ExampleUse::prediction);
  std::string written;
  for (const std::string& name : test->write_predictions(model.infer_file(*test), options.output)) {
    written += " " + name;
  }
  log::info("{} examples of {} predicted:{}", test->examples(), options.data.test->string(), written);
}

std::map<std::string, double> read_evaluation_results(const std::filesystem::path& output) {
  std::map<std::string, double> results;
  if (!std::filesystem::exists(output / "eval_results.txt")) return results;
  std::istringstream lines(read_file(output / "eval_results.txt"));
  std::string name, equals;
  double value = 0;
  while (lines >> name >> equals >> value) results[name] = value;
  return results;
}

void write_seed_summary(const std::filesystem::path& output, const std::vector<SeedResult>& results) {
  nlohmann::json summary;
  std::map<std::string, std::vector<double>> series;
  for (const SeedResult& result : results) {
    nlohmann::json& one = summary["seeds"][std::to_string(result.seed)];
    for (const auto& [name, value] : result.results) {
      one[name] = value;
      series[name].push_back(value);
    }
  }
  for (const auto& [name, values] : series) {
    double mean = 0, squares = 0;
    for (const double value : values) mean += value / static_cast<double>(values.size());
    for (const double value : values) squares += (value - mean) * (value - mean);
    const double deviation =
        values.size() > 1 ? std::sqrt(squares / static_cast<double>(values.size() - 1)) : 0;
    summary["mean"][name] = mean;
    summary["deviation"][name] = deviation;
    log::info("{}: {:.4f} ± {:.4f} over {} seeds", name, mean, deviation, values.size());
  }
  write_file(output / "seeds.json", json_text(summary));
}

}  // namespace cloze
