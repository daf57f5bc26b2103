#include <CLI/CLI.hpp>
#include <filesystem>

#include "engine/cli/commands.h"
#include "engine/config/config.h"
#include "engine/train/finetuner.h"

namespace cloze {
namespace {

struct FinetuneCall {
  std::filesystem::path config;
  std::vector<std::string> overrides;
  bool resume = false, overwrite = false;
};

}  // namespace

void add_finetune_command(CLI::App& program, ExitCode& exit_code) {
  auto call = std::make_shared<FinetuneCall>();
  CLI::App* command = program.add_subcommand(
      "finetune",
      "Fine-tune a model on a file of examples as a YAML file says; evaluate and predict at the end");
  command->add_option("config", call->config, "The YAML file")->required();
  command->add_option("--set", call->overrides, "KEY=VALUE: overrides a key of the file; may be repeated");
  CLI::Option* resume =
      command->add_flag("--resume", call->resume, "Go on from the last checkpoint in `output`");
  command->add_flag("--overwrite", call->overwrite, "Remove what is in `output`")->excludes(resume);
  command->callback([call, &exit_code] {
    const auto options = config::read<FinetuneOptions>(call->config, call->overrides);
    const ExistingRun existing = call->resume      ? ExistingRun::resume
                                 : call->overwrite ? ExistingRun::overwrite
                                                   : ExistingRun::refuse;
    const int signal = finetune(options, existing);
    if (signal != 0) exit_code.value = 128 + signal;
  });
}

}  // namespace cloze
