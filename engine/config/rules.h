#pragma once

#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace cloze {

struct Bound {
  double value = 0;  // bounds on integers are exact below 2^53
  bool inclusive = true;
};

// What an option's value must satisfy, and how the option is marked. Rules are joined with `&`:
//   at_least(1) & fixed_on_resume()
struct Rules {
  std::optional<Bound> low = {}, high = {};  // of a number, or of each element of a list or map
  bool percent = false;                      // `10%` may be written for 0.1
  bool non_empty = false;                    // text, path, list or map
  bool required = false;                     // has no default: must be given
  bool fixed_on_resume = false;              // a run cannot go on with another value
};

Rules operator&(const Rules& a, const Rules& b);

Rules at_least(double low);              // low <= x
Rules at_most(double high);              // x <= high
Rules above(double low);                 // low < x
Rules below(double high);                // x < high
Rules between(double low, double high);  // low <= x <= high
Rules fraction();                        // 0 <= x <= 1, written 0.1 or 10%
Rules non_empty();
Rules required();
Rules fixed_on_resume();

// "at least 1", "between 0 and 1", "above 0 and at most 1"; empty where there are no bounds.
std::string range_text(const Rules& rules);
bool in_range(const Rules& rules, double value);

// One name an enumerator goes by in YAML; the help line is for the reference page.
template <typename Enum>
struct Choice {
  std::string name;
  Enum value;
  std::string help = {};
};

// All names of an enum, with the rules of the option: choices<Kind>({{"bert", Kind::bert}}) &
// fixed_on_resume()
template <typename Enum>
struct Choices {
  std::vector<Choice<Enum>> names;
  Rules rules = {};

  const std::string& name_of(Enum value) const {
    for (const Choice<Enum>& choice : names) {
      if (choice.value == value) return choice.name;
    }
    throw std::logic_error("an enumerator has no name in its choices()");
  }
  Enum value_of(const std::string& name) const {
    for (const Choice<Enum>& choice : names) {
      if (choice.name == name) return choice.value;
    }
    throw std::logic_error("`" + name + "` is none of the choices()");
  }
};

template <typename Enum>
Choices<Enum> choices(std::initializer_list<Choice<Enum>> names) {
  return {names, {}};
}

template <typename Enum>
Choices<Enum> operator&(Choices<Enum> choices, const Rules& rules) {
  choices.rules = choices.rules & rules;
  return choices;
}

}  // namespace cloze
