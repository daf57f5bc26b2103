#pragma once

#include <optional>
#include <string>

#include "engine/config/fields.h"
#include "engine/config/mistakes.h"
#include "engine/config/node.h"

namespace cloze {

// The value of an option as YAML gives it, checked against the option's type, choices and rules. What is
// wrong goes to `mistakes` (each element of a list by itself) and the result is empty. `key` is the option's
// dotted name.
std::optional<Setting> read_value(const Option& option, const std::string& key, const Member& member,
                                  Mistakes& mistakes);

// "an integer", "a list of numbers", "one of bert, linear": what an option wants, for messages and the
// reference page.
std::string type_text(const Option& option);

}  // namespace cloze
