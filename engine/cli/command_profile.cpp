#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <optional>

#include "engine/cli/choice_option.h"
#include "engine/cli/commands.h"
#include "engine/config/config.h"
#include "engine/observe/profile_files.h"
#include "engine/observe/profile_run.h"
#include "engine/observe/profile_text.h"

namespace cloze {
namespace {

struct ProfileCall {
  std::filesystem::path config;
  std::vector<std::string> overrides;
  ProfileOptions options;
  GroupBy by = GroupBy::op;
  std::optional<std::filesystem::path> output;
};

void run(const ProfileCall& call) {
  const auto options = config::read<PretrainOptions>(call.config, call.overrides);
  const Profile profile = profile_pretraining(options, call.options, call.config.string());
  std::cout << profile_table(profile, call.by);
  if (call.output) write_profile(profile, *call.output);
}

}  // namespace

void add_profile_command(CLI::App& program, ExitCode&) {
  auto call = std::make_shared<ProfileCall>();
  CLI::App* command = program.add_subcommand(
      "profile", "Where the time of a training step goes: each op beside what the machine can do");
  command->add_option("config", call->config, "The YAML file of a pretraining run")->required();
  command->add_option("--set", call->overrides, "KEY=VALUE: overrides a key of the file; may be repeated");
  command->add_option("--steps", call->options.steps, "Steps that are timed")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->add_option("--warm-up", call->options.warm_up, "Steps before them")
      ->check(CLI::Range(0, 10000))
      ->capture_default_str();
  command->add_option("--phase", call->options.phase, "Which phase of the run, from 1")
      ->capture_default_str();
  command->add_flag("--replayed", call->options.replayed,
                    "On a GPU: times of the CUDA graph that a run replays (by CUPTI), not launch by launch");
  add_choice_option<GroupBy>(*command, "--by", call->by,
                             {{"op", GroupBy::op}, {"layer", GroupBy::layer}, {"launch", GroupBy::launch}},
                             "Rows of the table; default: op");
  command->add_option("--output", call->output,
                      "A folder for profile.json, trace.json (for Perfetto) and roofline.svg");
  command->callback([call] { run(*call); });
}

}  // namespace cloze
