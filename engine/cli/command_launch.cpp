#include <optional>

#include "engine/cli/commands.h"
#include "engine/cli/run_call.h"
#include "engine/config/config.h"
#include "engine/parallel/launcher.h"
#include "engine/train/pretrain_options.h"

namespace cloze {
namespace {

struct LaunchCall {
  std::shared_ptr<RunCall> run;
  std::optional<int> processes, max_restarts;
};

// The call of each rank: this program with `pretrain`.
std::vector<std::string> rank_call(const RunCall& run, const std::string& flag) {
  std::vector<std::string> call{std::filesystem::read_symlink("/proc/self/exe").string(), "pretrain",
                                run.config.string()};
  for (const std::string& setting : run.overrides) call.insert(call.end(), {"--set", setting});
  if (!flag.empty()) call.push_back(flag);
  return call;
}

int launch_as_called(const LaunchCall& call) {
  const RunCall& run = *call.run;
  const auto options = config::read<PretrainOptions>(run.config, run.overrides);
  return launch(LaunchOptions{.first_call = rank_call(run, run.resume      ? "--resume"
                                                           : run.overwrite ? "--overwrite"
                                                                           : ""),
                              .later_call = rank_call(run, "--resume"),
                              .processes = call.processes.value_or(options.cluster.processes),
                              .max_restarts = call.max_restarts.value_or(options.cluster.max_restarts),
                              .run_folder = options.output});
}

}  // namespace

void add_launch_command(CLI::App& program, ExitCode& exit_code) {
  CLI::App* command =
      program.add_subcommand("launch", "Pretrain in several processes on this machine, and watch over them");
  const auto call = std::make_shared<LaunchCall>();
  call->run = add_run_options(*command);
  command->add_option("--processes", call->processes, "How many; otherwise `cluster.processes`")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--max-restarts", call->max_restarts,
                   "How often to start again after a failure; otherwise `cluster.max_restarts`")
      ->check(CLI::NonNegativeNumber);
  command->callback([call, &exit_code] { exit_code.value = launch_as_called(*call); });
}

}  // namespace cloze
