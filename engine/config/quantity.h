#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace cloze {

// Any value of int64_t or uint64_t.
class Integer {
 public:
  constexpr Integer() = default;
  template <std::integral T>
  constexpr Integer(T value)  // NOLINT(google-explicit-constructor): an integer is an Integer
      : negative_(value < 0),
        magnitude_(value < 0 ? uint64_t{0} - static_cast<uint64_t>(value) : static_cast<uint64_t>(value)) {}
  static constexpr Integer from_parts(bool negative, uint64_t magnitude) {
    Integer result(magnitude);
    result.negative_ = negative && magnitude != 0;
    return result;
  }

  // The value as T, which must be able to hold it.
  template <std::integral T>
  constexpr T to() const {
    return static_cast<T>(negative_ ? uint64_t{0} - magnitude_ : magnitude_);
  }
  constexpr double to_double() const {
    return negative_ ? -static_cast<double>(magnitude_) : static_cast<double>(magnitude_);
  }
  std::string text() const;

  friend constexpr bool operator==(const Integer&, const Integer&) = default;
  friend constexpr std::strong_ordering operator<=>(const Integer& a, const Integer& b) {
    if (a.negative_ != b.negative_)
      return a.negative_ ? std::strong_ordering::less : std::strong_ordering::greater;
    return a.negative_ ? b.magnitude_ <=> a.magnitude_ : a.magnitude_ <=> b.magnitude_;
  }

 private:
  bool negative_ = false;
  uint64_t magnitude_ = 0;
};

// Numbers as people write them: `1_000`, `2e-5`, `128k` (decimal: k M G T), `64Ki` (binary: Ki Mi Gi Ti),
// `10%`. On failure the result is empty and `why` says what is wrong, as the rest of a sentence ("is not a
// number").
std::optional<Integer> parse_integer(std::string_view text, std::string& why);

// The nearest double, or (`single_precision`) the nearest float; finite. `10%` is 0.1 and only read where
// `percent` is set.
struct NumberForm {
  bool percent = false;
  bool single_precision = false;
};
std::optional<double> parse_number(std::string_view text, NumberForm form, std::string& why);

// The shortest text that reads back as the same number; `1.0e-06` has its `.0` because YAML 1.1 takes 1e-06
// for text.
std::string number_text(double value, bool single_precision);

}  // namespace cloze
