#include <CLI/CLI.hpp>

#include "engine/cli/commands.h"
#include "engine/cli/tokenizer_flags.h"
#include "engine/data/prepare.h"

namespace cloze {
namespace {

struct PrepareCall {
  PrepareOptions options{.threads = default_threads()};
  std::string kind = "auto";
  TokenizerFlags tokenizer;
};

}  // namespace

void add_prepare_command(CLI::App& program, ExitCode&) {
  auto call = std::make_shared<PrepareCall>();
  CLI::App* command = program.add_subcommand("prepare", "Turn text into a corpus to train on");
  command->add_option("--input", call->options.inputs, "Files and folders of text (.gz, .xz, .zst, .tar too)")
      ->required();
  command->add_option("--vocab", call->options.vocabulary, "A vocab.txt")->required();
  command->add_option("--output", call->options.output, "The corpus folder to write")->required();
  command->add_option("--kind", call->kind, "auto, sentences, paragraphs, markdown or jsonl")
      ->capture_default_str();
  command->add_option("--text-field", call->options.text_field, "Of JSONL records")->capture_default_str();
  command->add_option("--threads", call->options.threads, "Processor threads")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_flag("--overwrite", call->options.overwrite, "Replace a corpus of other inputs");
  add_tokenizer_flags(*command, call->tokenizer);
  command->callback([call] {
    call->options.kind = text_kind(call->kind);
    call->options.tokenizer = call->tokenizer.options();
    prepare_corpus(call->options);
  });
}

}  // namespace cloze
