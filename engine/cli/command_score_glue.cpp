#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "engine/cli/score_commands.h"
#include "engine/data/examples/task_options.h"
#include "engine/tasks/metrics/score_predictions.h"

namespace cloze {
namespace {

struct ScoreGlueCall {
  std::string task;
  std::filesystem::path data, predictions;
};

void run(const ScoreGlueCall& call) {
  const PredictionScores scores =
      score_predictions(describe_task(task_preset(call.task)), call.data, call.predictions);
  nlohmann::ordered_json result;
  for (const MetricValue& each : scores.metrics) result[name_of(each.metric)] = each.value;
  result["examples"] = scores.examples;
  std::cout << result.dump() << '\n';
}

}  // namespace

void add_score_glue(CLI::App& score) {
  auto call = std::make_shared<ScoreGlueCall>();
  CLI::App* command = score.add_subcommand("glue", "Accuracy, F1, correlations, as the task has them");
  command->add_option("--task", call->task, "cola, sst-2, mrpc, sts-b, qqp, mnli, ... or another preset")
      ->required();
  command->add_option("--data", call->data, "A file of the task with labels")->required();
  command
      ->add_option("--predictions", call->predictions,
                   "test_results.tsv, predictions.tsv or .jsonl, or a file for GLUE's site")
      ->required();
  command->callback([call] { run(*call); });
}

}  // namespace cloze
