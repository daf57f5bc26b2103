#include "engine/tasks/outputs/python_number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

namespace cloze {
namespace {

// Magnitudes that Python and numpy write without an exponent: [lowest, end). The nearest float32 to 1e-4 is
// below it.
constexpr double lowest_plain = 1e-4, end_of_plain = 1e16;

// The largest double has 309 digits before the point; a sign, the point and the digits behind it come on top.
constexpr int longest_fixed = std::numeric_limits<double>::max_exponent10 + 32;

// A decimal number d.ddd * 10^exponent.
struct Decimal {
  bool negative = false;
  std::string digits;  // without the point; the first is not 0, unless the number is
  int exponent = 0;
};

// The shortest digits that read back as `value`, which is finite: those nearest to it where several do.
template <typename Float>
Decimal shortest_decimal(Float value) {
  std::array<char, 40> buffer;  // "-d.dddddddddddddddde-ddd"
  const auto written = std::to_chars(buffer.begin(), buffer.end(), value, std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<size_t>(written.ptr - buffer.data()));
  const size_t e = text.find('e');
  Decimal decimal;
  decimal.negative = text.front() == '-';
  for (const char c : text.substr(0, e)) {
    if (c >= '0' && c <= '9') decimal.digits += c;
  }
  const size_t exponent = e + (text[e + 1] == '+' ? 2 : 1);  // from_chars takes no '+'
  std::from_chars(text.data() + exponent, text.data() + text.size(), decimal.exponent);
  return decimal;
}

std::string with_exponent(const Decimal& decimal) {
  std::string text = decimal.digits.substr(0, 1);
  if (decimal.digits.size() > 1) text += '.' + decimal.digits.substr(1);
  const int magnitude = std::abs(decimal.exponent);
  text += decimal.exponent < 0 ? "e-" : "e+";
  if (magnitude < 10) text += '0';
  return text + std::to_string(magnitude);
}

std::string without_exponent(const Decimal& decimal) {
  if (decimal.exponent < 0) {
    return "0." + std::string(static_cast<size_t>(-decimal.exponent) - 1, '0') + decimal.digits;
  }
  const size_t before_point = static_cast<size_t>(decimal.exponent) + 1;
  std::string text = decimal.digits;
  if (text.size() <= before_point) return text.append(before_point - text.size(), '0') + ".0";
  return text.insert(before_point, 1, '.');
}

template <typename Float>
std::string python_text(Float value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  const Decimal decimal = shortest_decimal(value);
  const double magnitude = std::abs(static_cast<double>(value));
  const bool plain = magnitude == 0 || (magnitude >= lowest_plain && magnitude < end_of_plain);
  return (decimal.negative ? "-" : "") + (plain ? without_exponent(decimal) : with_exponent(decimal));
}

}  // namespace

std::string python_repr(double value) {
  return python_text(value);
}

std::string python_str(float value) {
  return python_text(value);
}

double python_round(double value, int digits) {
  if (!std::isfinite(value)) return value;
  std::array<char, longest_fixed> buffer;
  const auto written =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, digits);
  double rounded = 0;
  std::from_chars(buffer.data(), written.ptr, rounded);
  return rounded;
}

}  // namespace cloze
