#pragma once

#include <string>
#include <vector>

#include "engine/config/outline.h"

namespace cloze {

// What is wrong with a describe() itself, for the tests of its owner: a key named twice, or not in
// lower_snake_case, or called `base`; no help; a default that breaks the option's own rules; a name of a
// choice used twice.
std::vector<std::string> find_faults(const Description& description);

}  // namespace cloze
