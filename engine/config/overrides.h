#pragma once

#include <functional>
#include <string>

#include "engine/config/mistakes.h"
#include "engine/config/node.h"

namespace cloze {

// Applies one `KEY=VALUE` as given to --set. KEY walks sections and list elements: `phases[0].schedule.kind`;
// VALUE is YAML: `3`, `[1, 2]`, `{kind: bert}`. Maps are merged, everything else is replaced. A list that the
// configuration does not give is taken from `defaults` (the dump of the defaults) before one of its elements
// is changed.
void apply_override(ConfigNode& root, const std::string& assignment,
                    const std::function<const ConfigNode&()>& defaults, Mistakes& mistakes);

}  // namespace cloze
