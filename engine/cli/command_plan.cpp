#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "engine/cli/commands.h"
#include "engine/config/config.h"
#include "engine/train/pretrain_plan.h"

namespace cloze {
namespace {

struct PlanCall {
  std::filesystem::path config;
  std::vector<std::string> overrides;
  std::string gpu;
};

}  // namespace

void add_plan_command(CLI::App& program, ExitCode&) {
  auto call = std::make_shared<PlanCall>();
  CLI::App* command =
      program.add_subcommand("plan", "Bytes and FLOPs of a training step, and how long the run would last");
  command->add_option("config", call->config, "The YAML file")->required();
  command->add_option("--set", call->overrides, "KEY=VALUE: overrides a key of the file; may be repeated");
  command->add_option("--gpu", call->gpu, "Plan for a GPU instead of this machine: " + known_gpus());
  command->callback([call] {
    const auto options = config::read<PretrainOptions>(call->config, call->overrides);
    std::cout << describe_plan(options, call->gpu);
  });
}

}  // namespace cloze
