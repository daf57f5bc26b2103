#include "engine/base/format.h"

#include <fmt/core.h>

#include <array>
#include <cmath>

namespace cloze {
namespace {

// `value` with the largest unit below which it still shows at least 1.0; what would round up to a whole next
// unit takes that unit ("1.0 MiB", never "1024.0 KiB").
template <size_t N>
std::string scaled(double value, double base, const std::array<const char*, N>& units) {
  size_t unit = 0;
  while (unit + 1 < N && std::abs(value) >= base - 0.05) {
    value /= base;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string two_units(int64_t smaller, int64_t ratio, const char* large_unit, const char* small_unit) {
  return fmt::format("{} {} {:02} {}", smaller / ratio, large_unit, smaller % ratio, small_unit);
}

}  // namespace

std::string human_bytes(uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  return scaled(static_cast<double>(bytes) / 1024, 1024,
                std::array{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"});
}

std::string human_count(double count) {
  if (!std::isfinite(count)) return fmt::format("{}", count);
  if (std::abs(count) < 1000 && count == std::round(count)) return fmt::format("{:.0f}", count + 0.0);
  if (std::abs(count) < 999.95) return fmt::format("{:.1f}", count);
  return scaled(count / 1000, 1000, std::array{"k", "M", "G", "T", "P", "E"});
}

std::string human_duration(double seconds) {
  if (!std::isfinite(seconds)) return "unknown";
  if (seconds < 0) return fmt::format("-{}", human_duration(-seconds));
  if (seconds < 0.9995e-3) return fmt::format("{:.0f} us", seconds * 1e6);
  if (seconds < 0.99995) return fmt::format("{:.1f} ms", seconds * 1e3);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  if (seconds < 3599.5) return two_units(std::llround(seconds), 60, "min", "s");
  const int64_t minutes = std::llround(std::min(seconds, 1e15) / 60);
  if (minutes < 24 * 60) return two_units(minutes, 60, "h", "min");
  return two_units(std::llround(std::min(seconds, 1e15) / 3600), 24, "d", "h");
}

std::string human_percent(double fraction) {
  if (!std::isfinite(fraction)) return "unknown";
  return fmt::format("{:.1f} %", fraction * 100);
}

}  // namespace cloze
