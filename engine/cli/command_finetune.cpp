#include "engine/cli/commands.h"
#include "engine/cli/run_call.h"
#include "engine/config/config.h"
#include "engine/train/finetuner.h"

namespace cloze {

void add_finetune_command(CLI::App& program, ExitCode& exit_code) {
  CLI::App* command = program.add_subcommand(
      "finetune",
      "Fine-tune a model on a file of examples as a YAML file says; evaluate and predict at the end");
  const auto call = add_run_options(*command);
  command->callback([call, &exit_code] {
    const int signal =
        finetune(config::read<FinetuneOptions>(call->config, call->overrides), call->existing());
    if (signal != 0) exit_code.value = 128 + signal;
  });
}

}  // namespace cloze
