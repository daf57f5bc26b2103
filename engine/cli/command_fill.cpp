#include <CLI/CLI.hpp>
#include <cstdio>

#include "engine/api/cloze.h"
#include "engine/cli/commands.h"

namespace cloze {
namespace {

struct FillCall {
  std::string model, text;
  int top = 5;
};

void run(const FillCall& call) {
  Model model(call.model);
  bool first = true;
  for (const auto& guesses : model.fill(call.text, call.top)) {
    if (!first) std::puts("");
    first = false;
    for (const Model::Guess& guess : guesses)
      std::printf("%.4f\t%s\n", guess.probability, guess.piece.c_str());
  }
  std::fflush(stdout);
}

}  // namespace

void add_fill_command(CLI::App& program, ExitCode&) {
  auto call = std::make_shared<FillCall>();
  CLI::App* command =
      program.add_subcommand("fill", "Fill the blanks of a text: probability and piece, best first");
  command
      ->add_option("--model", call->model,
                   "A run, a checkpoint, a Hugging Face folder or a TensorFlow checkpoint")
      ->required();
  command->add_option("--top", call->top, "How many pieces for each blank")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("text", call->text, "Text with [MASK] where a word is missing")->required();
  command->callback([call] { run(*call); });
}

}  // namespace cloze
