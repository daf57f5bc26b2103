#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/cli/commands.h"
#include "engine/cli/inference_flags.h"
#include "engine/train/finetune_results.h"

namespace cloze {
namespace {

struct EvaluateCall {
  std::filesystem::path model, data, output;
  InferenceOptions inference;
};

void evaluate(const EvaluateCall& call) {
  FinetunedModel model(call.model, call.inference);
  const auto file = read_task_file(model.reading(), call.data, ExampleUse::evaluation);
  const TaskOutputs outputs = model.infer_file(*file);
  const std::string text =
      evaluation_results_text(evaluation_results(file->score(outputs), outputs, model.step()));
  std::cout << text;
  if (call.output.empty()) return;
  std::filesystem::create_directories(call.output);
  write_file(call.output / "eval_results.txt", text);
  file->write_predictions(outputs, call.output);
}

}  // namespace

void add_evaluate_command(CLI::App& program, ExitCode&) {
  auto call = std::make_shared<EvaluateCall>();
  CLI::App* command = program.add_subcommand("evaluate", "Score a fine-tuned model on a file with labels");
  command->add_option("--model", call->model, "A run of `cloze finetune`, or one of its checkpoints")
      ->required();
  command->add_option("--data", call->data, "A file of the run's task")->required();
  command->add_option("--output", call->output, "Folder for eval_results.txt and the predictions");
  add_inference_flags(*command, call->inference);
  command->callback([call] { evaluate(*call); });
}

}  // namespace cloze
