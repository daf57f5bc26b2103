#pragma once

#include <string>
#include <vector>

#include "engine/observe/machine_facts.h"

namespace cloze {

// Something that is missing or slows training down, and the command that mends it.
struct Finding {
  std::string what;
  std::string remedy;  // a command to type, or what to set; empty where nothing on this machine helps
};

// In order of weight; empty where all is as it should be.
std::vector<Finding> findings(const MachineFacts& facts);

}  // namespace cloze
