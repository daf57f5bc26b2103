#pragma once

#include <string>
#include <vector>

#include "engine/config/outline.h"

namespace cloze {

struct Difference {
  std::string key;            // "phases[1].steps"
  std::string before, after;  // as in YAML; "(absent)" where an element of a list is not there
  bool fixed_on_resume = false;
};

// The keys whose values differ, in the order of describe(); keys that only `after` has come last.
std::vector<Difference> find_differences(const Description& before, const Description& after);

}  // namespace cloze
