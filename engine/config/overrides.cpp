#include "engine/config/overrides.h"

#include <fmt/core.h>

#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/config/yaml.h"

namespace cloze {
namespace {

// One step into the tree: a key of a section, or an index of a list.
struct Step {
  std::string key;
  std::optional<size_t> index;
};

// "phases[0].steps" -> phases, [0], steps; nothing where it is not of that form.
std::optional<std::vector<Step>> parse_key(std::string_view text) {
  std::vector<Step> steps;
  while (true) {
    const size_t name_length = std::min(text.find_first_of(".["), text.size());
    if (name_length == 0) return std::nullopt;
    steps.push_back({std::string(text.substr(0, name_length)), {}});
    text.remove_prefix(name_length);
    while (text.starts_with('[')) {
      size_t index = 0;
      const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), index);
      const auto length = static_cast<size_t>(end - text.data());
      if (error != std::errc() || length >= text.size() || *end != ']') return std::nullopt;
      steps.push_back({{}, index});
      text.remove_prefix(length + 1);
    }
    if (text.empty()) return steps;
    if (!text.starts_with('.')) return std::nullopt;
    text.remove_prefix(1);
  }
}

class Override {
 public:
  Override(const std::string& assignment, const std::function<const ConfigNode&()>& defaults,
           Mistakes& mistakes)
      : source_(
            std::make_shared<Source>(Source{"--set " + assignment, std::filesystem::current_path(), false})),
        defaults_(defaults),
        mistakes_(mistakes) {}

  // Leaves `root` alone where the steps lead nowhere.
  void apply(ConfigNode& root, const std::vector<Step>& steps, ConfigNode value) {
    ConfigNode changed = root;
    ConfigNode* node = &changed;
    const ConfigNode* fallback =
        steps.size() > 1 ? &defaults_() : nullptr;  // the same place among the defaults
    for (const Step& step : steps) {
      node = step.index ? element(*node, *step.index, fallback)
                        : member(*node, step.key, fallback, &step == &steps.back());
      if (node == nullptr) return;
    }
    *node = merge(std::move(*node), std::move(value));
    root = std::move(changed);
  }

  const std::shared_ptr<const Source>& source() const { return source_; }
  Place place() const { return {source_, 0}; }

 private:
  ConfigNode* member(ConfigNode& node, const std::string& key, const ConfigNode*& fallback, bool last) {
    if (node.kind != ConfigNode::Kind::map) node = {.kind = ConfigNode::Kind::map, .place = place()};
    const Member* default_member = fallback == nullptr ? nullptr : find(*fallback, key);
    fallback = default_member == nullptr ? nullptr : &default_member->node;
    if (Member* found = find(node, key)) {
      if (last) found->place = place();
      return &found->node;
    }
    node.members.push_back({key, place(), {.place = place()}});
    return &node.members.back().node;
  }

  ConfigNode* element(ConfigNode& node, size_t index, const ConfigNode*& fallback) {
    if (node.kind == ConfigNode::Kind::null && fallback != nullptr) node = *fallback;
    const size_t count = node.kind == ConfigNode::Kind::list ? node.members.size() : 0;
    if (index >= count) {
      mistakes_.add(
          place(), fmt::format("there is no element [{}]", index),
          node.kind == ConfigNode::Kind::list
              ? fmt::format("the list has {} element{}, counted from 0", count, count == 1 ? "" : "s")
              : fmt::format("this is {}, not a list", description(node)),
          "set the whole list: KEY=[...]");
      return nullptr;
    }
    const bool known = fallback != nullptr && index < fallback->members.size();
    fallback = known ? &fallback->members[index].node : nullptr;
    return &node.members[index].node;
  }

  std::shared_ptr<const Source> source_;
  const std::function<const ConfigNode&()>& defaults_;
  Mistakes& mistakes_;
};

}  // namespace

void apply_override(ConfigNode& root, const std::string& assignment,
                    const std::function<const ConfigNode&()>& defaults, Mistakes& mistakes) {
  Override override(assignment, defaults, mistakes);
  const size_t equals = assignment.find('=');
  const auto steps =
      equals == std::string::npos ? std::nullopt : parse_key(std::string_view(assignment).substr(0, equals));
  if (!steps) {
    mistakes.add(override.place(), "this is not of the form KEY=VALUE",
                 "KEY is a path like `optimizer.learning_rate` or `phases[0].steps`",
                 "write --set KEY=VALUE");
    return;
  }
  if (steps->front().key == "base") {
    mistakes.add(override.place(), "`base` cannot be set from the command line", "it is read with the file",
                 "");
    return;
  }
  try {
    override.apply(root, *steps,
                   parse_yaml(std::string_view(assignment).substr(equals + 1), override.source(), mistakes));
  } catch (const UsageError& error) {
    mistakes.add(override.place(), "the value is not valid YAML", error.problem().why,
                 "quote it: KEY='\"...\"'");
  }
}

}  // namespace cloze
