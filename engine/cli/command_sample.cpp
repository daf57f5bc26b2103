#include <CLI/CLI.hpp>

#include "engine/base/log.h"
#include "engine/cli/commands.h"
#include "engine/data/sample/write_sample.h"

namespace cloze {
namespace {

struct SampleCall {
  std::string output;
  uint64_t seed = default_sample_seed;
};

}  // namespace

void add_sample_command(CLI::App& program, ExitCode&) {
  auto call = std::make_shared<SampleCall>();
  CLI::App* command =
      program.add_subcommand("sample", "Write a small made-up world: corpus, reviews, questions");
  command->add_option("--output", call->output, "Folder to write")->required();
  command->add_option("--seed", call->seed, "Another seed, another corpus of the same world")
      ->capture_default_str();
  command->callback([call] {
    write_sample(call->output, call->seed);
    log::info("the sample world is in {}", call->output);
  });
}

}  // namespace cloze
