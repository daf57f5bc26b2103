#include <CLI/CLI.hpp>
#include <filesystem>

#include "engine/base/error.h"
#include "engine/cli/commands.h"
#include "engine/config/config.h"
#include "engine/train/pretrainer.h"

namespace cloze {
namespace {

struct PretrainCall {
  std::filesystem::path config;
  std::vector<std::string> overrides;
  bool resume = false, overwrite = false;
};

}  // namespace

void add_pretrain_command(CLI::App& program, ExitCode& exit_code) {
  auto call = std::make_shared<PretrainCall>();
  CLI::App* command = program.add_subcommand("pretrain", "Pretrain BERT as a YAML file says");
  command->add_option("config", call->config, "The YAML file")->required();
  command->add_option("--set", call->overrides, "KEY=VALUE: overrides a key of the file; may be repeated");
  CLI::Option* resume =
      command->add_flag("--resume", call->resume, "Go on from the last checkpoint in `output`");
  command->add_flag("--overwrite", call->overwrite, "Remove what is in `output`")->excludes(resume);
  command->callback([call, &exit_code] {
    const auto options = config::read<PretrainOptions>(call->config, call->overrides);
    const ExistingRun existing = call->resume      ? ExistingRun::resume
                                 : call->overwrite ? ExistingRun::overwrite
                                                   : ExistingRun::refuse;
    const int signal = pretrain(options, existing);
    if (signal != 0) exit_code.value = 128 + signal;
  });
}

}  // namespace cloze
