#include "engine/config/faults.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace cloze {
namespace {

bool is_snake_case(const std::string& name) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z' && std::ranges::all_of(name, allowed);
}

// What is wrong with a default, as the rest of a sentence; empty where nothing is.
std::string fault_of_default(const Option& option, const Scalar& scalar) {
  const Integer* integer = std::get_if<Integer>(&scalar);
  const double* number = std::get_if<double>(&scalar);
  if (integer == nullptr && number == nullptr) return {};
  const double value = integer != nullptr ? integer->to_double() : *number;
  if (!std::isfinite(value)) return "which is not finite";
  return in_range(option.rules, value) ? "" : fmt::format("not {}", range_text(option.rules));
}

class FaultFinder : public Fields {
 public:
  FaultFinder(std::string section, std::vector<std::string>& faults)
      : section_(std::move(section)), faults_(faults) {}

 protected:
  void visit(const Option& option) override {
    look_at_name(option.name, option.help);
    std::set<std::string> choices;
    for (const ChoiceName& choice : option.choices) {
      if (!choices.insert(choice.name).second)
        add(option.name, fmt::format("has the choice `{}` twice", choice.name));
    }
    if (option.rules.required) return;
    for (const Entry& entry : option.current) {
      const std::string fault = fault_of_default(option, entry.value);
      if (fault.empty()) continue;
      add(option.name, fmt::format("has the default {}, {}", scalar_text(entry.value, option.type), fault));
    }
    const bool text = option.type.kind == ScalarKind::text || option.type.kind == ScalarKind::path;
    const bool empty = option.current.empty() || (option.type.shape == Shape::one && text &&
                                                  std::get<std::string>(option.current[0].value).empty());
    if (option.rules.non_empty && empty && option.type.shape != Shape::optional) {
      add(option.name, "has an empty default but must not be empty: mark it required()");
    }
  }
  void visit(const Section& section) override {
    look_at_name(section.name, section.help);
    look_inside(section.name, section.describe);
  }
  void visit(const Sections& sections) override {
    look_at_name(sections.name, sections.help);
    look_inside(sections.name, sections.describe_default);
    if (sections.rules.non_empty && !sections.rules.required && sections.count == 0) {
      add(sections.name, "has an empty default but must not be empty: mark it required()");
    }
  }

 private:
  void add(const std::string& name, const std::string& fault) {
    faults_.push_back(fmt::format("`{}` {}", join_key(section_, name), fault));
  }
  void look_at_name(const std::string& name, const std::string& help) {
    if (!names_.insert(name).second) add(name, "is described twice");
    if (!is_snake_case(name)) add(name, "is not in lower_snake_case");
    if (section_.empty() && name == "base") add(name, "is the name of the reserved key `base`");
    if (help.empty()) add(name, "has no help");
  }
  void look_inside(const std::string& name, const Description& description) {
    FaultFinder inside(join_key(section_, name), faults_);
    description(inside);
  }

  std::string section_;
  std::vector<std::string>& faults_;
  std::set<std::string> names_;
};

}  // namespace

std::vector<std::string> find_faults(const Description& description) {
  std::vector<std::string> faults;
  FaultFinder finder("", faults);
  description(finder);
  return faults;
}

}  // namespace cloze
