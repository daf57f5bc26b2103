#include <CLI/CLI.hpp>
#include <iostream>

#include "engine/cli/commands.h"
#include "engine/config/config.h"
#include "engine/train/finetune_options.h"
#include "engine/train/pretrain_options.h"

namespace cloze {
namespace {

struct ReferenceCall {
  std::string command = "pretrain";
  bool schema = false;
};

template <typename Options>
std::string page(const ReferenceCall& call) {
  return call.schema ? config::schema<Options>("cloze " + call.command)
                     : config::reference_page<Options>("Configuration of `cloze " + call.command + "`");
}

}  // namespace

void add_reference_command(CLI::App& program, ExitCode&) {
  auto call = std::make_shared<ReferenceCall>();
  CLI::App* command = program.add_subcommand("reference", "Print the reference of all keys of a YAML file");
  command->add_option("command", call->command, "Whose: pretrain (the default) or finetune")
      ->check(CLI::IsMember({"pretrain", "finetune"}));
  command->add_flag("--schema", call->schema, "As a JSON Schema, for editors");
  command->callback([call] {
    std::cout << (call->command == "finetune" ? page<FinetuneOptions>(*call) : page<PretrainOptions>(*call));
  });
}

}  // namespace cloze
