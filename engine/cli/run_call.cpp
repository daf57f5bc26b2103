#include "engine/cli/run_call.h"

namespace cloze {

std::shared_ptr<RunCall> add_run_options(CLI::App& command) {
  auto call = std::make_shared<RunCall>();
  command.add_option("config", call->config, "The YAML file")->required();
  command.add_option("--set", call->overrides, "KEY=VALUE: overrides a key of the file; may be repeated");
  CLI::Option* resume =
      command.add_flag("--resume", call->resume, "Go on from the last checkpoint in `output`");
  command.add_flag("--overwrite", call->overwrite, "Remove what is in `output`")->excludes(resume);
  return call;
}

}  // namespace cloze
