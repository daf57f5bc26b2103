#include "engine/config/quantity.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace cloze {
namespace {

// (-1)^negative * digits * 10^power_of_ten * 2^power_of_two
struct Decimal {
  bool negative = false;
  std::string digits;
  int power_of_ten = 0;
  int power_of_two = 0;
  bool percent = false;
};

// No exponent a number could need is larger; keeps sums of exponents inside an int.
constexpr int largest_exponent = 100'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Moves digits (and `_` between two digits) from the front of `text` into `digits`; returns how many digits.
size_t take_digits(std::string_view& text, std::string& digits) {
  size_t count = 0;
  while (!text.empty()) {
    const bool separator = text[0] == '_' && count > 0 && text.size() > 1 && is_digit(text[1]);
    if (!is_digit(text[0]) && !separator) break;
    if (!separator) {
      digits.push_back(text[0]);
      ++count;
    }
    text.remove_prefix(1);
  }
  return count;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_exponent(std::string_view& text, int& exponent) {
  if (!take(text, "e") && !take(text, "E")) return true;
  const bool negative = take(text, "-");
  if (!negative) take(text, "+");
  std::string digits;
  if (take_digits(text, digits) == 0) return false;
  int value = largest_exponent;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc()) value = largest_exponent;
  value = std::min(value, largest_exponent);
  exponent = negative ? -value : value;
  return true;
}

void take_suffix(std::string_view& text, Decimal& number) {
  struct Suffix {
    std::string_view text;
    int power_of_ten, power_of_two;
  };
  static constexpr Suffix suffixes[] = {{"Ki", 0, 10}, {"Mi", 0, 20}, {"Gi", 0, 30},
                                        {"Ti", 0, 40}, {"k", 3, 0},   {"K", 3, 0},
                                        {"M", 6, 0},   {"G", 9, 0},   {"T", 12, 0}};
  for (const Suffix& suffix : suffixes) {
    if (!take(text, suffix.text)) continue;
    number.power_of_ten += suffix.power_of_ten;
    number.power_of_two = suffix.power_of_two;
    return;
  }
  if (take(text, "%")) {
    number.percent = true;
    number.power_of_ten -= 2;
  }
}

std::optional<Decimal> scan(std::string_view text) {
  Decimal number;
  number.negative = take(text, "-");
  if (!number.negative) take(text, "+");
  size_t count = take_digits(text, number.digits);
  if (take(text, ".")) {
    const size_t fraction_digits = take_digits(text, number.digits);
    count += fraction_digits;
    number.power_of_ten = -static_cast<int>(std::min<size_t>(fraction_digits, largest_exponent));
  }
  int exponent = 0;
  if (count == 0 || count > size_t{largest_exponent} || !take_exponent(text, exponent)) return std::nullopt;
  number.power_of_ten += exponent;
  take_suffix(text, number);
  if (!text.empty()) return std::nullopt;
  return number;
}

constexpr const char* not_a_number = "is not a number (like 1000, 1_000, 2e-5, 128k, 1.5M or 64Ki)";
constexpr const char* percent_not_taken = "is a percentage, which is not taken here";

template <typename T>
std::optional<double> nearest_value(const Decimal& number) {
  const std::string text =
      fmt::format("{}{}e{}", number.negative ? "-" : "", number.digits, number.power_of_ten);
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) {  // too large, or so small that it is zero
    if (std::ranges::all_of(number.digits, [](char c) { return c == '0'; })) return 0.0;
    return std::nullopt;
  }
  value = std::ldexp(value, number.power_of_two);
  if (!std::isfinite(value)) return std::nullopt;
  return static_cast<double>(value);
}

}  // namespace

std::string Integer::text() const {
  return fmt::format("{}{}", negative_ ? "-" : "", magnitude_);
}

std::optional<Integer> parse_integer(std::string_view text, std::string& why) {
  std::optional<Decimal> number = scan(text);
  if (!number) {
    why = not_a_number;
    return std::nullopt;
  }
  if (number->percent) {
    why = percent_not_taken;
    return std::nullopt;
  }
  // Trailing zeros move into the power of ten, so that 1.50e1 and 1e6 stay exact and small.
  while (number->digits.size() > 1 && number->digits.back() == '0') {
    number->digits.pop_back();
    ++number->power_of_ten;
  }
  uint64_t magnitude = 0;
  const char* end_of_digits = number->digits.data() + number->digits.size();
  bool fits = std::from_chars(number->digits.data(), end_of_digits, magnitude).ec == std::errc();
  if (fits && magnitude == 0) return Integer(0);
  fits = fits && !__builtin_mul_overflow(magnitude, uint64_t{1} << number->power_of_two, &magnitude);
  for (; fits && number->power_of_ten > 0; --number->power_of_ten) {
    fits = !__builtin_mul_overflow(magnitude, uint64_t{10}, &magnitude);
  }
  for (; fits && number->power_of_ten < 0; ++number->power_of_ten) {
    if (magnitude % 10 != 0) {
      why = "is not a whole number";
      return std::nullopt;
    }
    magnitude /= 10;
  }
  if (!fits) {
    why = "is out of the range of 64-bit integers";
    return std::nullopt;
  }
  const Integer value = Integer::from_parts(number->negative, magnitude);
  if (value < Integer(std::numeric_limits<int64_t>::min())) {
    why = "is out of the range of 64-bit integers";
    return std::nullopt;
  }
  return value;
}

std::optional<double> parse_number(std::string_view text, NumberForm form, std::string& why) {
  const std::optional<Decimal> number = scan(text);
  if (!number) {
    why = not_a_number;
    return std::nullopt;
  }
  if (number->percent && !form.percent) {
    why = percent_not_taken;
    return std::nullopt;
  }
  const std::optional<double> value =
      form.single_precision ? nearest_value<float>(*number) : nearest_value<double>(*number);
  if (!value) why = "is out of the range of floating-point numbers";
  return value;
}

std::string number_text(double value, bool single_precision) {
  std::string text =
      single_precision ? fmt::format("{}", static_cast<float>(value)) : fmt::format("{}", value);
  const size_t exponent = text.find('e');
  if (exponent != std::string::npos && text.find('.') == std::string::npos) text.insert(exponent, ".0");
  return text;
}

}  // namespace cloze
