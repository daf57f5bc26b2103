#include "engine/observe/markup.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "engine/base/format.h"
#include "engine/text/utf8.h"

namespace cloze {
namespace {

const char* entity(char32_t character) {
  switch (character) {
    case U'&':
      return "&amp;";
    case U'<':
      return "&lt;";
    case U'>':
      return "&gt;";
    case U'"':
      return "&quot;";
    case U'\'':
      return "&#39;";
    default:
      return nullptr;
  }
}

// XML 1.0, production 2 (Char).
bool allowed(char32_t character) {
  if (character < 0x20) return character == '\t' || character == '\n' || character == '\r';
  return character != 0xFFFE && character != 0xFFFF;
}

}  // namespace

std::string escaped(std::string_view text) {
  constexpr std::string_view replacement = "\xEF\xBF\xBD";
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    const size_t size = std::max<size_t>(point.size, 1);
    if (point.size == 0 || !allowed(point.value)) {
      result += replacement;
    } else if (const char* known = entity(point.value)) {
      result += known;
    } else {
      result += text.substr(at, size);
    }
    at += size;
  }
  return result;
}

std::string coordinate(double value) {
  return fmt::format("{:.1f}", value);
}

std::vector<double> linear_ticks(double least, double most, int wanted) {
  const double rough = (most - least) / std::max(wanted, 1);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * 0.7) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  for (double at = std::ceil(least / step - 1e-9) * step; at <= most + step * 1e-9; at += step)
    ticks.push_back(std::abs(at) < step * 1e-9 ? 0 : at);
  if (ticks.size() < 2) return {least, most};
  return ticks;
}

std::vector<double> decade_ticks(double least, double most) {
  std::vector<double> ticks;
  for (int power = static_cast<int>(std::ceil(std::log10(least) - 1e-9));
       std::pow(10.0, power) <= most * (1 + 1e-9); ++power)
    ticks.push_back(std::pow(10.0, power));
  return ticks;
}

std::vector<double> log_ticks(double least, double most) {
  const std::vector<double> decades = decade_ticks(least, most);
  if (decades.size() >= 3) return decades;
  std::vector<double> ticks;
  for (double power = std::pow(10.0, std::floor(std::log10(least))); power <= most; power *= 10) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double tick = factor * power;
      if (tick >= least * (1 - 1e-9) && tick <= most * (1 + 1e-9)) ticks.push_back(tick);
    }
  }
  return ticks.size() >= 2 ? ticks : linear_ticks(least, most, 4);
}

std::string tick_label(double value) {
  if (std::abs(value) >= 10000) {
    std::string text = human_count(value);
    if (const size_t zero = text.find(".0"); zero != std::string::npos) text.erase(zero, 2);
    return text;
  }
  return fmt::format("{:.6g}", value);
}

}  // namespace cloze
