#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/fields.h"

namespace cloze {

// An options struct, erased: calls its describe().
using Description = std::function<void(Fields&)>;

// "a" and "b" -> "a.b"; an empty section is the top.
std::string join_key(std::string_view section, std::string_view name);

// Every key a configuration may have, sections included, in the order of describe(); list elements are
// `phases[].steps`.
std::vector<std::string> all_keys(const Description& description);

// What to try instead of the unknown key `name` in `section` (dotted, [] for list elements): the right
// section of a key that exists elsewhere, the nearest of the section's keys, or all of them.
std::string suggestion(std::string_view section, const std::string& name,
                       const std::vector<std::string>& keys);

}  // namespace cloze
