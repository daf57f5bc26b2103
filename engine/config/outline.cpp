#include "engine/config/outline.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/base/edit_distance.h"

namespace cloze {
namespace {

class Outline : public Fields {
 public:
  Outline(std::string section, std::vector<std::string>& keys) : section_(std::move(section)), keys_(keys) {}

 protected:
  void visit(const Option& option) override { keys_.push_back(join_key(section_, option.name)); }
  void visit(const Section& section) override {
    keys_.push_back(join_key(section_, section.name));
    Outline inside(keys_.back(), keys_);
    section.describe(inside);
  }
  void visit(const Sections& sections) override {
    keys_.push_back(join_key(section_, sections.name));
    Outline inside(keys_.back() + (sections.shape == Shape::list ? "[]" : ""), keys_);
    sections.describe_default(inside);
  }

 private:
  std::string section_;
  std::vector<std::string>& keys_;
};

// "phases[].steps" -> "phases[]", "steps"
std::pair<std::string, std::string> split_key(const std::string& key) {
  const size_t dot = key.rfind('.');
  if (dot == std::string::npos) return {"", key};
  return {key.substr(0, dot), key.substr(dot + 1)};
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

std::string join_key(std::string_view section, std::string_view name) {
  return section.empty() ? std::string(name) : fmt::format("{}.{}", section, name);
}

std::vector<std::string> all_keys(const Description& description) {
  std::vector<std::string> keys;
  Outline outline("", keys);
  description(outline);
  return keys;
}

std::string suggestion(std::string_view section, const std::string& name,
                       const std::vector<std::string>& keys) {
  std::vector<std::string> here, elsewhere;
  for (const std::string& key : keys) {
    const auto [its_section, its_name] = split_key(key);
    if (its_section == section) {
      here.push_back(its_name);
    } else if (its_name == name) {
      elsewhere.push_back(key);
    }
  }
  if (std::ranges::find(keys, join_key(section, name)) != keys.end()) {
    return fmt::format("write it nested, one section per line: `{}` is a key inside `{}`",
                       split_key(name).second, split_key(name).first);
  }
  if (name == "base") return "`base` stands at the top of a file";
  const std::optional<std::string> meant = nearest(name, here);
  if (!elsewhere.empty() && !(meant && edit_distance(*meant, name) <= 1)) {
    return fmt::format("it belongs elsewhere: {}", listed(elsewhere));
  }
  if (meant) return fmt::format("did you mean `{}`?", *meant);
  return here.empty() ? "nothing can be set here" : fmt::format("what can be set here: {}", listed(here));
}

}  // namespace cloze
