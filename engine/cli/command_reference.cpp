#include <CLI/CLI.hpp>
#include <iostream>

#include "engine/cli/commands.h"
#include "engine/config/config.h"
#include "engine/train/pretrain_options.h"

namespace cloze {

void add_reference_command(CLI::App& program, ExitCode&) {
  auto schema = std::make_shared<bool>(false);
  CLI::App* command = program.add_subcommand("reference", "Print the reference of all keys of the YAML file");
  command->add_flag("--schema", *schema, "As a JSON Schema, for editors");
  command->callback([schema] {
    std::cout << (*schema ? config::schema<PretrainOptions>("cloze pretrain")
                          : config::reference_page<PretrainOptions>("Configuration of `cloze pretrain`"));
  });
}

}  // namespace cloze
