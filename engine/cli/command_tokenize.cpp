#include <CLI/CLI.hpp>
#include <charconv>
#include <iostream>

#include "engine/cli/commands.h"
#include "engine/cli/tokenizer_flags.h"
#include "engine/text/tokenizer.h"

namespace cloze {
namespace {

struct TokenizeCall {
  std::string vocabulary;
  TokenizerFlags tokenizer;
  bool pieces = false;
};

void append(std::string& output, const Vocabulary& vocabulary, int32_t id, bool as_piece) {
  if (as_piece) {
    output += vocabulary.piece(id);
    return;
  }
  char digits[16];
  output.append(digits, std::to_chars(digits, digits + sizeof digits, id).ptr);
}

void run(const TokenizeCall& call) {
  const auto vocabulary = std::make_shared<const Vocabulary>(Vocabulary::load(call.vocabulary));
  const Tokenizer tokenizer(vocabulary, call.tokenizer.options());
  std::ios::sync_with_stdio(false);
  constexpr size_t flush_at = 1 << 16;
  std::string line, output;
  std::vector<int32_t> ids;
  while (std::getline(std::cin, line)) {
    ids.clear();
    tokenizer.encode(line, ids);
    for (size_t i = 0; i < ids.size(); ++i) {
      if (i > 0) output += ' ';
      append(output, *vocabulary, ids[i], call.pieces);
    }
    output += '\n';
    if (output.size() < flush_at && std::cin.rdbuf()->in_avail() > 0) continue;
    std::cout << output << std::flush;  // a line typed is answered at once
    output.clear();
  }
  std::cout << output;
}

}  // namespace

void add_tokenize_command(CLI::App& program, ExitCode&) {
  auto call = std::make_shared<TokenizeCall>();
  CLI::App* command = program.add_subcommand("tokenize", "Turn lines of standard input into word pieces");
  command->add_option("--vocab", call->vocabulary, "A vocab.txt")->required();
  command->add_flag("--pieces", call->pieces, "Print pieces instead of ids");
  add_tokenizer_flags(*command, call->tokenizer);
  command->callback([call] { run(*call); });
}

}  // namespace cloze
