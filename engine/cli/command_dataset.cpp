#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "engine/base/error.h"
#include "engine/cli/commands.h"
#include "engine/data/examples/google_tsv.h"
#include "engine/data/examples/split_examples.h"
#include "engine/data/examples/task_options.h"

namespace cloze {
namespace {

struct DatasetCall {
  GoogleTsvCall files;
  std::string format = "google-tsv", task = "yelp", label, text, validation;
  std::vector<std::string> relabel;
};

// Columns of the user's own make it a task of the user's own.
TaskDescription task_of(const DatasetCall& call) {
  TaskOptions options;
  if (call.text.empty() && call.label.empty()) options.preset = task_preset(call.task);
  if (!call.text.empty()) options.columns.text_a = call.text;
  if (!call.label.empty()) options.columns.label = call.label;
  for (const std::string& pair : call.relabel) {
    const size_t sign = pair.find('=');
    if (sign == std::string::npos) {
      throw UsageError({.what = fmt::format("`{}` renames no label", pair), .why = "it is written OLD=NEW"});
    }
    options.label_aliases[pair.substr(0, sign)] = pair.substr(sign + 1);
  }
  return describe_task(options);
}

void run(DatasetCall& call) {
  call.files.task = task_of(call);
  if (!call.validation.empty()) {
    call.files.validation = parse_split(call.validation);
    if (!call.files.validation) {
      throw UsageError(
          {.what = fmt::format("`{}` is no part of the rows", call.validation), .why = "it is written 10%"});
    }
  }
  write_google_tsv(call.files);
}

}  // namespace

void add_dataset_command(CLI::App& program, ExitCode&) {
  auto call = std::make_shared<DatasetCall>();
  CLI::App* command =
      program.add_subcommand("dataset", "Turn a file of examples into the form of other programs");
  command->add_option("--from", call->files.from, "CSV, TSV or JSONL, packed or not")->required();
  command->add_option("--to", call->files.to, "Folder to write NAME.tsv into")->required();
  command
      ->add_option("--format", call->format,
                   "id, label, a letter, text: what Google's run_classifier.py reads")
      ->check(CLI::IsMember({"google-tsv"}))
      ->capture_default_str();
  command->add_option("--task", call->task, "What the file is, by the name of a preset")
      ->capture_default_str();
  command->add_option("--text", call->text, "Instead of a task: the column of the text, by name or number");
  command->add_option("--label", call->label, "Instead of a task: the column of the label");
  command->add_option("--relabel", call->relabel, "OLD=NEW...: other words for labels, such as 1=0 2=1");
  command->add_option("--validation", call->validation, "Part of the rows for dev.tsv, such as 10%");
  command->add_option("--seed", call->files.seed, "Of that choice")->capture_default_str();
  command->add_flag("--no-labels", call->files.for_prediction, "Write id and text with a header: a test.tsv");
  command->callback([call] { run(*call); });
}

}  // namespace cloze
