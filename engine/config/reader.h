#pragma once

#include "engine/config/mistakes.h"
#include "engine/config/node.h"
#include "engine/config/outline.h"

namespace cloze {

// Fills an options struct from `root` (a map). Whatever is wrong goes to `mistakes`; a field with a wrong
// value keeps its default.
void fill(const Description& description, const ConfigNode& root, Mistakes& mistakes);

}  // namespace cloze
