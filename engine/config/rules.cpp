#include "engine/config/rules.h"

#include <fmt/core.h>

namespace cloze {

Rules operator&(const Rules& a, const Rules& b) {
  return {.low = b.low ? b.low : a.low,
          .high = b.high ? b.high : a.high,
          .percent = a.percent || b.percent,
          .non_empty = a.non_empty || b.non_empty,
          .required = a.required || b.required,
          .fixed_on_resume = a.fixed_on_resume || b.fixed_on_resume};
}

Rules at_least(double low) {
  return {.low = Bound{low, true}};
}
Rules at_most(double high) {
  return {.high = Bound{high, true}};
}
Rules above(double low) {
  return {.low = Bound{low, false}};
}
Rules below(double high) {
  return {.high = Bound{high, false}};
}
Rules between(double low, double high) {
  return at_least(low) & at_most(high);
}
Rules fraction() {
  return between(0, 1) & Rules{.percent = true};
}
Rules non_empty() {
  return {.non_empty = true};
}
Rules required() {
  return {.required = true};
}
Rules fixed_on_resume() {
  return {.fixed_on_resume = true};
}

std::string range_text(const Rules& rules) {
  const auto& [low, high] = std::pair(rules.low, rules.high);
  if (low && high && low->inclusive && high->inclusive) {
    return fmt::format("between {} and {}", low->value, high->value);
  }
  std::string text;
  if (low) text = fmt::format("{} {}", low->inclusive ? "at least" : "above", low->value);
  if (low && high) text += " and ";
  if (high) text += fmt::format("{} {}", high->inclusive ? "at most" : "below", high->value);
  return text;
}

bool in_range(const Rules& rules, double value) {
  if (rules.low && (value < rules.low->value || (!rules.low->inclusive && value == rules.low->value)))
    return false;
  if (rules.high && (value > rules.high->value || (!rules.high->inclusive && value == rules.high->value)))
    return false;
  return true;
}

}  // namespace cloze
