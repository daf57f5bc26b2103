#include <CLI/CLI.hpp>

#include "engine/cli/commands.h"
#include "engine/cli/score_commands.h"

namespace cloze {

void add_score_command(CLI::App& program, ExitCode&) {
  CLI::App* score = program.add_subcommand("score", "Compare predictions with what is right");
  score->require_subcommand(1);
  add_score_glue(*score);
}

}  // namespace cloze
