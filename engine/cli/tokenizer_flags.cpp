#include "engine/cli/tokenizer_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

namespace cloze {

TokenizerOptions TokenizerFlags::options() const {
  return {.lowercase = !cased,
          .rules = rules == "huggingface" ? TokenizerRules::huggingface : TokenizerRules::google};
}

void add_tokenizer_flags(CLI::App& command, TokenizerFlags& flags) {
  command.add_flag("--cased", flags.cased, "Keep upper case and accents");
  command.add_option("--rules", flags.rules, "Whose tokenizer to match where the two differ")
      ->check(CLI::IsMember({"google", "huggingface"}))
      ->capture_default_str();
}

int default_threads() {
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace cloze
