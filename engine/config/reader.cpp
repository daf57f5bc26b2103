#include "engine/config/reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/config/read_value.h"

namespace cloze {
namespace {

// What all readers of one configuration share.
struct Reading {
  Mistakes& mistakes;
  std::vector<std::string> keys;  // all of the configuration
  size_t unknown_keys = 0;        // so many of the mistakes leave every field right

  size_t wrong_values() const { return mistakes.count() - unknown_keys; }
};

// Reads one section.
class Reader : public Fields {
 public:
  // `name` is the section's dotted name as it is here (phases[0]), `pattern` as it is in all_keys()
  // (phases[]).
  Reader(Reading& reading, const ConfigNode& map, Place place, std::string name, std::string pattern)
      : reading_(reading),
        map_(map),
        place_(std::move(place)),
        name_(std::move(name)),
        pattern_(std::move(pattern)),
        wrong_values_before_(reading.wrong_values()) {}

  // Runs describe() over the section, then reports the keys that nobody asked for.
  void read(const Description& description) {
    description(*this);
    for (const Member& member : map_.members) {
      if (std::ranges::find(known_, member.key) != known_.end()) continue;
      const std::string why =
          name_.empty() ? "no option has this name" : fmt::format("`{}` has no such key", name_);
      reading_.mistakes.add(member.place, fmt::format("unknown key `{}`", join_key(name_, member.key)), why,
                            suggestion(pattern_, member.key, reading_.keys));
      ++reading_.unknown_keys;
    }
  }

  void check(const std::string& name, const std::function<bool()>& holds, const std::string& why) override {
    // With a field still at its default the check would blame the wrong one.
    if (reading_.wrong_values() != wrong_values_before_ || holds()) return;
    const Member* member = find(map_, name);
    reading_.mistakes.add(member == nullptr ? place_ : member->place,
                          fmt::format("`{}` does not go with the rest", join_key(name_, name)), why);
  }

  void elsewhere(const std::string& key, const std::string& command) override {
    const Member* member = find(map_, key);
    if (member == nullptr) return;
    throw UsageError(
        {.what = fmt::format("this is a configuration of `{}`", command),
         .where = member->place.text(),
         .why = fmt::format("it has the key `{}`, which is of no use here", join_key(name_, key)),
         .remedy = fmt::format("{} FILE; or give another file", command)});
  }

 protected:
  void visit(const Option& option) override {
    const Member* member = take(option.name);
    if (member == nullptr) return require(option.rules, option.name, type_text(option), option.help);
    const auto setting = read_value(option, join_key(name_, option.name), *member, reading_.mistakes);
    if (setting) option.assign(*setting);
  }

  void visit(const Section& section) override {
    static const ConfigNode nothing{.kind = ConfigNode::Kind::map};
    const Member* member = take(section.name);
    const bool given = member != nullptr && member->node.kind != ConfigNode::Kind::null;
    if (given && !is(ConfigNode::Kind::map, *member, "a section")) return;
    Reader inside(reading_, given ? member->node : nothing, member == nullptr ? place_ : member->place,
                  join_key(name_, section.name), join_key(pattern_, section.name));
    inside.read(section.describe);
  }

  void visit(const Sections& sections) override {
    const Member* member = take(sections.name);
    if (member == nullptr) {
      const char* type = sections.shape == Shape::list ? "a list of sections" : "a section";
      return require(sections.rules, sections.name, type, sections.help);
    }
    sections.shape == Shape::list ? read_list(sections, *member) : read_optional(sections, *member);
  }

 private:
  const Member* take(const std::string& name) {
    known_.push_back(name);
    return find(map_, name);
  }

  void require(const Rules& rules, const std::string& name, const std::string& type,
               const std::string& help) {
    if (!rules.required) return;
    reading_.mistakes.add(place_, fmt::format("`{}` is missing", join_key(name_, name)),
                          fmt::format("it has no default: {}", help),
                          fmt::format("give `{}` ({})", join_key(name_, name), type));
  }

  bool is(ConfigNode::Kind kind, const Member& member, const char* wanted) {
    if (member.node.kind == kind) return true;
    reading_.mistakes.add(member.place,
                          fmt::format("`{}` is {}", join_key(name_, member.key), description(member.node)),
                          fmt::format("must be {}", wanted));
    return false;
  }

  void read_list(const Sections& sections, const Member& member) {
    if (!is(ConfigNode::Kind::list, member, "a list of sections: lines that start with `- `")) return;
    const std::vector<Member>& elements = member.node.members;
    const std::string name = join_key(name_, sections.name),
                      pattern = join_key(pattern_, sections.name) + "[]";
    if (elements.empty() && sections.rules.non_empty) {
      reading_.mistakes.add(member.place, fmt::format("`{}` is empty", name),
                            "must have at least one element");
    }
    sections.renew(elements.size());
    for (size_t i = 0; i < elements.size(); ++i) {
      const std::string element_name = fmt::format("{}[{}]", name, i);
      const ConfigNode& node = elements[i].node;
      if (node.kind != ConfigNode::Kind::map) {
        reading_.mistakes.add(elements[i].place, fmt::format("`{}` is {}", element_name, description(node)),
                              "must be a section");
        continue;
      }
      Reader inside(reading_, node, elements[i].place, element_name, pattern);
      inside.read([&](Fields& fields) { sections.describe(fields, i); });
    }
  }

  void read_optional(const Sections& sections, const Member& member) {
    if (member.node.kind == ConfigNode::Kind::null) return sections.renew(0);
    if (!is(ConfigNode::Kind::map, member, "a section, or null")) return;
    sections.renew(1);
    Reader inside(reading_, member.node, member.place, join_key(name_, sections.name),
                  join_key(pattern_, sections.name));
    inside.read([&](Fields& fields) { sections.describe(fields, 0); });
  }

  Reading& reading_;
  const ConfigNode& map_;
  Place place_;
  std::string name_, pattern_;
  size_t wrong_values_before_;
  std::vector<std::string> known_;
};

}  // namespace

void fill(const Description& description, const ConfigNode& root, Mistakes& mistakes) {
  Reading reading{.mistakes = mistakes, .keys = all_keys(description)};
  Reader(reading, root, {root.place.source, 0}, "", "").read(description);
}

}  // namespace cloze
