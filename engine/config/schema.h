#pragma once

#include <string>

#include "engine/config/outline.h"

namespace cloze {

// A JSON Schema (draft 7, which YAML editors understand) for configuration files: types, ranges, choices,
// help as hover text. What only Cloze reads as a number (`128k`) is allowed as text of that form.
std::string schema_json(const Description& description, const std::string& title);

}  // namespace cloze
