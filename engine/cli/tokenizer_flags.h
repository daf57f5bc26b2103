#pragma once

#include <string>

#include "engine/text/tokenizer_options.h"

namespace CLI {
class App;
}

namespace cloze {

// --cased and --rules, the same on every command that reads text.
struct TokenizerFlags {
  bool cased = false;
  std::string rules = "google";

  TokenizerOptions options() const;
};

void add_tokenizer_flags(CLI::App& command, TokenizerFlags& flags);

// Processors this process may use.
int default_threads();

}  // namespace cloze
