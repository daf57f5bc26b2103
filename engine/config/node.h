#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/config/mistakes.h"

namespace cloze {

struct Member;

// A piece of YAML and where it stands. Anchors are resolved, keys are unique.
struct ConfigNode {
  enum class Kind { null, scalar, list, map };

  Kind kind = Kind::null;
  std::string text = {};  // of a scalar
  bool quoted = false;    // a scalar in quotes, or a block scalar
  Place place = {};
  std::vector<Member> members;  // of a map; of a list, with empty keys
};

struct Member {
  std::string key;
  Place place;  // of the key
  ConfigNode node;
};

// The member of a map with this key, or null; a node of another kind has none.
const Member* find(const ConfigNode& map, std::string_view key);
Member* find(ConfigNode& map, std::string_view key);

// `over` on top of `base`: maps are merged key by key, everything else is replaced.
ConfigNode merge(ConfigNode base, ConfigNode over);

// "a list", "text", "empty": for error texts. Scalars are shown as they stand, shortened: "`abc`".
std::string description(const ConfigNode& node);

}  // namespace cloze
