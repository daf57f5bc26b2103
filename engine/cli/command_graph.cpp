#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "engine/base/error.h"
#include "engine/cli/commands.h"
#include "engine/config/config.h"
#include "engine/passes/passes.h"
#include "engine/train/known_gpus.h"
#include "engine/train/pretrain_plan.h"

namespace cloze {
namespace {

struct GraphCall {
  std::filesystem::path config;
  std::vector<std::string> overrides;
  std::string gpu, after, format = "text";
};

void run(const GraphCall& call) {
  const auto options = config::read<PretrainOptions>(call.config, call.overrides);
  std::string names = "model";
  bool known = call.after.empty() || call.after == names;
  for (const Pass& pass : all_passes()) {
    known = known || pass.name == call.after;
    names += ", " + std::string(pass.name);
  }
  if (!known)
    throw UsageError(
        {.what = "there is no pass `" + call.after + "`", .where = "--after", .remedy = "one of " + names});
  std::string text;
  build_training_graph(options, call.gpu, [&](std::string_view pass, const Graph& graph) {
    if (call.after.empty() || pass == call.after)
      text = call.format == "dot" ? to_dot(graph) : to_text(graph);
  });
  std::cout << text;
}

}  // namespace

void add_graph_command(CLI::App& program, ExitCode&) {
  auto call = std::make_shared<GraphCall>();
  CLI::App* command = program.add_subcommand("graph", "Print the graph of a training step");
  command->add_option("config", call->config, "The YAML file")->required();
  command->add_option("--set", call->overrides, "KEY=VALUE: overrides a key of the file; may be repeated");
  command->add_option("--gpu", call->gpu, "As a GPU would run it: " + known_gpus());
  command->add_option("--after", call->after,
                      "Name of a pass: the graph as it leaves it (default: the last)");
  command->add_option("--format", call->format, "text or dot")
      ->check(CLI::IsMember({"text", "dot"}))
      ->capture_default_str();
  command->callback([call] { run(*call); });
}

}  // namespace cloze
