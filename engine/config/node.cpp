#include "engine/config/node.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace cloze {

const Member* find(const ConfigNode& map, std::string_view key) {
  if (map.kind != ConfigNode::Kind::map) return nullptr;
  const auto found = std::ranges::find(map.members, key, &Member::key);
  return found == map.members.end() ? nullptr : &*found;
}

Member* find(ConfigNode& map, std::string_view key) {
  return const_cast<Member*>(find(std::as_const(map), key));
}

ConfigNode merge(ConfigNode base, ConfigNode over) {
  if (base.kind != ConfigNode::Kind::map || over.kind != ConfigNode::Kind::map) return over;
  for (Member& member : over.members) {
    Member* same = find(base, member.key);
    if (same == nullptr) {
      base.members.push_back(std::move(member));
    } else {
      same->place = member.place;
      same->node = merge(std::move(same->node), std::move(member.node));
    }
  }
  base.place = over.place;
  return base;
}

std::string description(const ConfigNode& node) {
  constexpr size_t longest = 60;
  switch (node.kind) {
    case ConfigNode::Kind::null:
      return "empty";
    case ConfigNode::Kind::list:
      return "a list";
    case ConfigNode::Kind::map:
      return "a section";
    case ConfigNode::Kind::scalar:
      break;
  }
  if (node.text.size() <= longest) return fmt::format("`{}`", node.text);
  size_t end = longest;
  while ((static_cast<unsigned char>(node.text[end]) & 0xC0) == 0x80) --end;  // not inside a UTF-8 sequence
  return fmt::format("`{}…`", node.text.substr(0, end));
}

}  // namespace cloze
