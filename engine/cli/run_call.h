#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/train/run_folder.h"

namespace cloze {

// What `cloze pretrain` and `cloze finetune` are called with: CONFIG [--set KEY=VALUE]... [--resume |
// --overwrite].
struct RunCall {
  std::filesystem::path config;
  std::vector<std::string> overrides;
  bool resume = false, overwrite = false;

  ExistingRun existing() const {
    return resume ? ExistingRun::resume : overwrite ? ExistingRun::overwrite : ExistingRun::refuse;
  }
};

// Adds the options to a command; what it returns is filled when the command is parsed.
std::shared_ptr<RunCall> add_run_options(CLI::App& command);

}  // namespace cloze
