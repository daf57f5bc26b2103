#include "engine/tasks/outputs/python_numbers.h"

#include <charconv>
#include <cmath>
#include <string_view>

namespace cloze {
namespace {

// |value| = 0.d1 d2 d3 ... times ten to the power `point`.
struct Decimal {
  std::string digits;
  int point = 0;
};

template <typename Float>
Decimal shortest_decimal(Float magnitude) {
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, magnitude, std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<size_t>(end - buffer));  // "8.45588e-01"
  const size_t exponent_at = text.find('e');
  Decimal decimal;
  decimal.digits = text.substr(0, 1);
  if (exponent_at > 2) decimal.digits += text.substr(2, exponent_at - 2);
  const std::string_view exponent = text.substr(exponent_at + (text[exponent_at + 1] == '+' ? 2 : 1));
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), decimal.point);
  ++decimal.point;
  return decimal;
}

std::string with_exponent(const Decimal& decimal) {
  std::string text = decimal.digits.substr(0, 1);
  if (decimal.digits.size() > 1) text += '.' + decimal.digits.substr(1);
  const int exponent = decimal.point - 1;
  const std::string power = std::to_string(std::abs(exponent));
  return text + (exponent < 0 ? "e-" : "e+") + (power.size() < 2 ? "0" : "") + power;
}

std::string with_point(const Decimal& decimal) {
  const std::string& digits = decimal.digits;
  if (decimal.point <= 0) return "0." + std::string(static_cast<size_t>(-decimal.point), '0') + digits;
  const auto point = static_cast<size_t>(decimal.point);
  if (digits.size() <= point) return digits + std::string(point - digits.size(), '0') + ".0";
  return digits.substr(0, point) + '.' + digits.substr(point);
}

template <typename Float>
std::string text_of(Float value) {
  if (std::isnan(value)) return "nan";
  const std::string sign = std::signbit(value) ? "-" : "";
  if (std::isinf(value)) return sign + "inf";
  const Float magnitude = std::abs(value);
  if (magnitude == 0) return sign + "0.0";
  // numpy compares the float32 with the double 1e-4, so that float32(1e-4), a little less, is "1e-04".
  const auto exact = static_cast<double>(magnitude);
  const Decimal decimal = shortest_decimal(magnitude);
  return sign + (exact >= 1e-4 && exact < 1e16 ? with_point(decimal) : with_exponent(decimal));
}

}  // namespace

std::string python_text(float value) {
  return text_of(value);
}

std::string python_text(double value) {
  return text_of(value);
}

}  // namespace cloze
