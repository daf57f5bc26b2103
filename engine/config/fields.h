#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/config/rules.h"
#include "engine/config/value.h"

namespace cloze {

class Fields;

// An options struct has, beside it and in its namespace, `void describe(Fields&, Struct&)` naming every field
// once. Such a struct is default-constructible and its defaults are the options' defaults.
template <typename T>
concept Described = std::default_initializable<T> && requires(Fields& fields, T& options) {
  describe(fields, options);
};

// What describe() said, as visitors see it.
struct ChoiceName {
  std::string name, help;
};
struct Option {
  std::string name, help;
  OptionType type;
  Rules rules;
  std::vector<ChoiceName> choices;             // ScalarKind::choice
  Setting current;                             // the field's value now
  std::function<void(const Setting&)> assign;  // sets it; the Setting must be valid for `type` and `rules`
};
struct Section {
  std::string name, help;
  Rules rules;
  std::function<void(Fields&)> describe;
};
// A list of sections (Shape::list), or one that may be absent (Shape::optional: none or one).
struct Sections {
  std::string name, help;
  Shape shape;
  Rules rules;
  size_t count;
  std::function<void(size_t)> renew;              // makes that many, all at their defaults
  std::function<void(Fields&, size_t)> describe;  // the one at an index
  std::function<void(Fields&)> describe_default;  // a fresh one that belongs to nobody
};

// A visitor of an options struct. Owners call option(), section(), list() and check() from describe():
//
//   void describe(Fields& fields, ScheduleOptions& options) {
//     fields.option("kind", options.kind, choices<Kind>({{"bert", Kind::bert}, ...}), "How the rate falls");
//     fields.option("warmup_steps", options.warmup_steps, at_least(0), "Steps of linear warm-up");
//   }
//
// describe() must only name fields: it runs once for every reading, dump, page and comparison.
class Fields {
 public:
  virtual ~Fields() = default;

  template <PlainValue T>
  void option(std::string name, T& value, std::string help) {
    option(std::move(name), value, Rules{}, std::move(help));
  }
  template <PlainValue T>
  void option(std::string name, T& value, const Rules& rules, std::string help) {
    using Element = ElementOf<T>;
    visit(Option{
        .name = std::move(name),
        .help = std::move(help),
        .type = option_type_of<T>(),
        .rules = rules,
        .choices = {},
        .current = to_setting(value, [](const Element& element) { return to_scalar(element); }),
        .assign = [&value](const Setting& setting) { from_setting(setting, value, from_scalar<Element>); }});
  }
  template <ChoiceValue T>
  void option(std::string name, T& value, const Choices<ElementOf<T>>& choices, std::string help) {
    std::vector<ChoiceName> names;
    for (const auto& choice : choices.names) names.push_back({choice.name, choice.help});
    const auto to_name = [&choices](ElementOf<T> element) -> Scalar { return choices.name_of(element); };
    visit(Option{.name = std::move(name),
                 .help = std::move(help),
                 .type = option_type_of<T>(),
                 .rules = choices.rules,
                 .choices = std::move(names),
                 .current = to_setting(value, to_name),
                 .assign = [&value, &choices](const Setting& setting) {
                   from_setting(setting, value, [&](const Scalar& word) {
                     return choices.value_of(std::get<std::string>(word));
                   });
                 }});
  }

  template <Described T>
  void section(std::string name, T& options, std::string help) {
    section(std::move(name), options, Rules{}, std::move(help));
  }
  // Of the rules of a section only fixed_on_resume() has a meaning; it holds for all that is inside.
  template <Described T>
  void section(std::string name, T& options, const Rules& rules, std::string help) {
    visit(Section{std::move(name), std::move(help), rules,
                  [&options](Fields& fields) { describe(fields, options); }});
  }
  // A section that may be absent; `name: {}` in YAML makes it present with its defaults, `name: null` absent.
  template <Described T>
  void section(std::string name, std::optional<T>& options, std::string help) {
    section(std::move(name), options, Rules{}, std::move(help));
  }
  template <Described T>
  void section(std::string name, std::optional<T>& options, const Rules& rules, std::string help) {
    const auto renew = [&options](size_t count) {
      options = count > 0 ? std::optional<T>(T()) : std::nullopt;
    };
    const auto describe_it = [&options](Fields& fields, size_t) { describe(fields, *options); };
    visit(Sections{std::move(name), std::move(help), Shape::optional, rules, options ? size_t{1} : size_t{0},
                   renew, describe_it, describe_default<T>});
  }
  // A list of sections; its rules may be required(), non_empty() and fixed_on_resume().
  template <Described T>
  void list(std::string name, std::vector<T>& options, std::string help) {
    list(std::move(name), options, Rules{}, std::move(help));
  }
  template <Described T>
  void list(std::string name, std::vector<T>& options, const Rules& rules, std::string help) {
    const auto renew = [&options](size_t count) { options = std::vector<T>(count); };
    const auto describe_it = [&options](Fields& fields, size_t index) { describe(fields, options[index]); };
    visit(Sections{std::move(name), std::move(help), Shape::list, rules, options.size(), renew, describe_it,
                   describe_default<T>});
  }

  // A rule between fields of one struct, checked when a configuration is read and its fields are valid by
  // themselves:
  //   fields.check("hidden_size", [&] { return o.hidden_size % o.heads == 0; }, "must be a multiple of
  //   `heads`");
  // Call it after the options it looks at; `name` is the option to blame.
  virtual void check(const std::string& /*name*/, const std::function<bool()>& /*holds*/,
                     const std::string& /*why*/) {}

  // A key that only configurations of another command have: of one that has it, reading says that much and
  // no more.
  virtual void elsewhere(const std::string& /*key*/, const std::string& /*command*/) {}

 protected:
  virtual void visit(const Option& option) = 0;
  virtual void visit(const Section& section) = 0;
  virtual void visit(const Sections& sections) = 0;

 private:
  template <Described T>
  static void describe_default(Fields& fields) {
    T options;
    describe(fields, options);
  }
};

}  // namespace cloze
