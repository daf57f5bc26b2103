#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/cli/commands.h"
#include "engine/cli/inference_flags.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

struct PredictCall {
  fs::path model, input, output;
  InferenceOptions inference;
};

// The file of predictions that people read, under the name the user gave.
void move_into_place(const fs::path& folder, const std::vector<std::string>& names, const fs::path& output) {
  const std::string wanted = "predictions" + output.extension().string();
  const auto found = std::find(names.begin(), names.end(), wanted);
  const std::string name = found != names.end() ? *found : names.front();
  write_file(output, read_file(folder / name));
  fs::remove_all(folder);
}

void predict_file(const PredictCall& call) {
  FinetunedModel model(call.model, call.inference);
  const auto file = read_task_file(model.reading(), call.input, ExampleUse::prediction);
  const TaskOutputs outputs = model.infer_file(*file);
  const bool into_folder = fs::is_directory(call.output) || !call.output.has_extension();
  const fs::path folder = into_folder ? call.output : fs::path(call.output) += ".partial";
  fs::create_directories(folder);
  const std::vector<std::string> names = file->write_predictions(outputs, folder);
  if (!into_folder) move_into_place(folder, names, call.output);
  log::info("{} examples predicted: {}", file->examples(), call.output.string());
}

// A text a line, the two texts of a pair between a tab; an answer a line, as soon as it is known.
void predict_lines(const PredictCall& call) {
  FinetunedModel model(call.model, call.inference);
  const TaskKind kind = model.reading().task.kind;
  if (kind != TaskKind::classification && kind != TaskKind::regression) {
    throw UsageError({.what = "only texts and pairs of texts are predicted line by line",
                      .where = "--input",
                      .why = "this model's task is `" + name_of(kind) + "`",
                      .remedy = "give a file with --input"});
  }
  int64_t number = 0;
  for (std::string line; std::getline(std::cin, line); ++number) {
    const size_t tab = line.find('\t');
    Example example{.id = std::to_string(number), .line = number + 1};
    example.content =
        TextPair{.a = line.substr(0, tab), .b = tab == std::string::npos ? "" : line.substr(tab + 1)};
    ExampleSet set{.file = "standard input"};
    set.examples.push_back(std::move(example));
    const auto file = encode_text_file(model.reading(), std::move(set), ExampleUse::prediction);
    std::cout << file->prediction_line(0, model.infer(*file)) << std::flush;
  }
}

}  // namespace

void add_predict_command(CLI::App& program, ExitCode&) {
  auto call = std::make_shared<PredictCall>();
  CLI::App* command = program.add_subcommand(
      "predict",
      "Predict labels, scores, tags or answers with a fine-tuned model; without --input, of the lines of "
      "standard input");
  command->add_option("--model", call->model, "A run of `cloze finetune`, or one of its checkpoints")
      ->required();
  CLI::Option* input =
      command->add_option("--input", call->input, "A file of the run's task; labels are not needed");
  command
      ->add_option("--output", call->output,
                   "A file (.jsonl, .tsv, .json, .conll), or a folder for all of them")
      ->needs(input);
  add_inference_flags(*command, call->inference);
  command->callback([call] {
    if (call->input.empty()) return predict_lines(*call);
    if (call->output.empty()) {
      throw UsageError({.what = "where are the predictions to go?", .where = "--output"});
    }
    predict_file(*call);
  });
}

}  // namespace cloze
