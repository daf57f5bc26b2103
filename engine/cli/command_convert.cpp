#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "engine/checkpoint/checkpoint_store.h"
#include "engine/checkpoint/conversion.h"
#include "engine/checkpoint/tensorflow_weights.h"
#include "engine/cli/commands.h"

namespace cloze {
namespace {

struct ConvertCall {
  std::filesystem::path from, to;
  bool cased = false, uncased = false, optimizer = false;

  OpenOptions options() const {
    if (!cased && !uncased) return {};
    return {.lowercase = uncased};
  }
};

// What a TensorFlow checkpoint holds beside the model, so that every tensor is accounted for.
std::string left_out(const TensorBundle& bundle, bool with_moments) {
  const BundleInventory inventory = inventory_of(bundle);
  std::string text;
  const auto add = [&](size_t count, const char* what) {
    if (count != 0) text += fmt::format("\n  {} {}", count, what);
  };
  add(inventory.moments.size(), with_moments ? "moments of Adam, converted" : "moments of Adam left out");
  add(inventory.other_slots.size(), "slots of another optimizer left out");
  add(inventory.without_numbers.size(), "without numbers left out");
  add(inventory.global_step ? 1 : 0, "global_step, kept as the checkpoint's step");
  return text;
}

void run(const ConvertCall& call) {
  const Checkpoint checkpoint = open_model(call.from, call.options());
  const LoadReport report = convert_checkpoint(checkpoint, call.to, call.optimizer);
  const TensorBundle* bundle = checkpoint.tensorflow();
  std::cout << fmt::format("{}{}\nwritten to {}: {}, {}\n", to_string(report),
                           bundle != nullptr ? left_out(*bundle, call.optimizer) : "", call.to.string(),
                           checkpoint.config().architecture,
                           checkpoint.tokenizer().options.lowercase ? "uncased" : "cased");
}

}  // namespace

void add_convert_command(CLI::App& program, ExitCode&) {
  auto call = std::make_shared<ConvertCall>();
  CLI::App* command = program.add_subcommand(
      "convert", "Write a model as a Hugging Face folder, and say what became of each tensor");
  command
      ->add_option(
          "--from", call->from,
          "A TensorFlow checkpoint (its folder or prefix), a Hugging Face folder, a run or a checkpoint")
      ->required();
  command->add_option("--to", call->to, "The folder to write, new or empty")->required();
  CLI::Option* cased = command->add_flag(
      "--cased", call->cased, "Text keeps upper case and accents (default: as the model's files say)");
  command->add_flag("--uncased", call->uncased, "Text is lowercased")->excludes(cased);
  command->add_flag("--optimizer", call->optimizer, "Convert the optimizer's moments too");
  command->callback([call] { run(*call); });
}

}  // namespace cloze
