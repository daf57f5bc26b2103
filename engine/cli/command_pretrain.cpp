#include "engine/cli/commands.h"
#include "engine/cli/run_call.h"
#include "engine/config/config.h"
#include "engine/train/pretrainer.h"

namespace cloze {

void add_pretrain_command(CLI::App& program, ExitCode& exit_code) {
  CLI::App* command = program.add_subcommand("pretrain", "Pretrain BERT as a YAML file says");
  const auto call = add_run_options(*command);
  command->callback([call, &exit_code] {
    const int signal =
        pretrain(config::read<PretrainOptions>(call->config, call->overrides), call->existing());
    if (signal != 0) exit_code.value = 128 + signal;
  });
}

}  // namespace cloze
