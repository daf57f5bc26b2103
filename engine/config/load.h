#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "engine/config/mistakes.h"
#include "engine/config/node.h"

namespace cloze {

// Reads YAML and what its `base:` names (a path or a list of paths, relative to the file that names them),
// each file on top of its bases, later bases on top of earlier ones: maps are merged key by key, everything
// else is replaced. The result is a map without `base`. Files that cannot be read or parsed, and bases in a
// circle, throw UsageError.
ConfigNode load_file(const std::filesystem::path& path, Mistakes& mistakes);
ConfigNode load_text(std::string_view text, const std::shared_ptr<const Source>& source, Mistakes& mistakes);

}  // namespace cloze
