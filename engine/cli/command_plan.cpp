#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "engine/base/error.h"
#include "engine/cli/commands.h"
#include "engine/config/config.h"
#include "engine/train/known_gpus.h"
#include "engine/train/pretrain_plan.h"
#include "engine/train/scaling_plan.h"

namespace cloze {
namespace {

struct PlanCall {
  std::filesystem::path config;
  std::vector<std::string> overrides;
  ClusterPlan cluster;
};

// A link that joins nothing was meant for something.
void require_links_used(const CLI::App& command, const ClusterPlan& cluster) {
  const auto refuse = [&](const char* option, const char* what, const char* remedy) {
    if (command.count(option) > 0) throw UsageError({.what = what, .where = option, .remedy = remedy});
  };
  if (cluster.nodes == 1) refuse("--link", "it says how nodes are joined, and there is one", "--nodes N");
  if (cluster.devices == 1)
    refuse("--node-link", "it says how the GPUs of a node are joined, and there is one", "--gpus N");
}

}  // namespace

void add_plan_command(CLI::App& program, ExitCode&) {
  auto call = std::make_shared<PlanCall>();
  CLI::App* command =
      program.add_subcommand("plan", "Bytes and FLOPs of a training step, and how long the run would last");
  command->add_option("config", call->config, "The YAML file")->required();
  command->add_option("--set", call->overrides, "KEY=VALUE: overrides a key of the file; may be repeated");
  command->add_option("--gpu", call->cluster.gpu, "Plan for a GPU instead of this machine: " + known_gpus());
  command
      ->add_option("--gpus", call->cluster.devices,
                   "GPUs (without --gpu: processes) of each node: how a step scales")
      ->check(CLI::Range(1, 1024));
  command->add_option("--nodes", call->cluster.nodes, "How many such nodes")->check(CLI::Range(1, 65536));
  command->add_option("--link", call->cluster.link,
                      "Between nodes, for each GPU: " + known_links() + ", or a bandwidth such as 12.5GB/s");
  command->add_option("--node-link", call->cluster.node_link,
                      "Between the GPUs of a node; where absent, what is usual for the GPU");
  command->callback([call, command] {
    require_links_used(*command, call->cluster);
    const auto options = config::read<PretrainOptions>(call->config, call->overrides);
    std::string text = describe_plan(options, call->cluster.gpu);
    if (call->cluster.devices * call->cluster.nodes > 1)
      text += "\n" + describe_scaling(options, call->cluster);
    std::cout << text;
  });
}

}  // namespace cloze
