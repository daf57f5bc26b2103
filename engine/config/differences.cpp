#include "engine/config/differences.h"

#include <fmt/core.h>

#include <map>
#include <utility>

#include "engine/config/dump.h"

namespace cloze {
namespace {

struct FlatValue {
  std::string key, text;
  bool fixed_on_resume;
};

// Lists every value under its dotted key.
class Flatten : public Fields {
 public:
  Flatten(std::string section, bool fixed_on_resume, std::vector<FlatValue>& values)
      : section_(std::move(section)), fixed_on_resume_(fixed_on_resume), values_(values) {}

 protected:
  void visit(const Option& option) override {
    values_.push_back({join_key(section_, option.name), setting_yaml(option), is_fixed(option.rules)});
  }
  void visit(const Section& section) override {
    Flatten inside(join_key(section_, section.name), is_fixed(section.rules), values_);
    section.describe(inside);
  }
  void visit(const Sections& sections) override {
    const std::string key = join_key(section_, sections.name);
    const bool list = sections.shape == Shape::list, fixed = is_fixed(sections.rules);
    if (!list) values_.push_back({key, sections.count == 0 ? "null" : "{…}", fixed});
    for (size_t i = 0; i < sections.count; ++i) {
      Flatten inside(list ? fmt::format("{}[{}]", key, i) : key, fixed, values_);
      sections.describe(inside, i);
    }
  }

 private:
  bool is_fixed(const Rules& rules) const { return fixed_on_resume_ || rules.fixed_on_resume; }

  std::string section_;
  bool fixed_on_resume_;
  std::vector<FlatValue>& values_;
};

std::vector<FlatValue> flatten(const Description& description) {
  std::vector<FlatValue> values;
  Flatten top("", false, values);
  description(top);
  return values;
}

}  // namespace

std::vector<Difference> find_differences(const Description& before, const Description& after) {
  std::vector<Difference> differences;
  std::map<std::string, FlatValue> unseen;
  const std::vector<FlatValue> values_after = flatten(after);
  for (const FlatValue& value : values_after) unseen.emplace(value.key, value);
  for (const FlatValue& value : flatten(before)) {
    const auto other = unseen.extract(value.key);
    const std::string text = other.empty() ? "(absent)" : other.mapped().text;
    if (text != value.text) differences.push_back({value.key, value.text, text, value.fixed_on_resume});
  }
  for (const FlatValue& value : values_after) {
    if (unseen.contains(value.key))
      differences.push_back({value.key, "(absent)", value.text, value.fixed_on_resume});
  }
  return differences;
}

}  // namespace cloze
