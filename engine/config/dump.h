#pragma once

#include <string>

#include "engine/config/outline.h"

namespace cloze {

// YAML with every key at its present value, which reads back as the same values: paths are absolute, numbers
// have the shortest text that is exact, text is quoted where another YAML reader might take it for something
// else.
std::string dump_yaml(const Description& description);

// One value in YAML's flow form: `3`, `"a: b"`, `[1, 2]`, `{a: 1}`, `null`.
std::string setting_yaml(const Option& option);

}  // namespace cloze
