#pragma once

#include <memory>
#include <string_view>

#include "engine/config/mistakes.h"
#include "engine/config/node.h"

namespace cloze {

// Reads one YAML document; an empty one is Kind::null. Syntax errors (and characters that are not UTF-8 text,
// tags, a second document, aliases without end) throw UsageError with file:line:column and the line's text;
// duplicate keys and merge keys go to `mistakes`.
ConfigNode parse_yaml(std::string_view text, const std::shared_ptr<const Source>& source, Mistakes& mistakes);

}  // namespace cloze
