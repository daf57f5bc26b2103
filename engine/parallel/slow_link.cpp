#include "engine/parallel/slow_link.h"

#include <algorithm>
#include <vector>

namespace cloze {
namespace {

constexpr double enough_bytes = 1 << 20;  // below, intervals of the scheduler say more than the link
constexpr double much_slower = 4;
constexpr double worth_a_warning = 1;  // seconds

double rate_of(const LinkTime& link) {
  return link.bytes / link.seconds;
}

}  // namespace

std::optional<SlowLink> find_slow_link(std::span<const LinkTime> by_rank) {
  const LinkTime* slowest = nullptr;
  std::vector<double> rates;
  for (const LinkTime& link : by_rank) {
    if (link.bytes < enough_bytes || link.seconds <= 0) continue;
    rates.push_back(rate_of(link));
    if (slowest == nullptr || rates.back() < rate_of(*slowest)) slowest = &link;
  }
  if (rates.size() < 2) return std::nullopt;
  std::sort(rates.begin(), rates.end());
  const double usual = rates[1 + (rates.size() - 1) / 2];  // of all but the slowest, the upper of two middles
  const SlowLink found{.to = static_cast<int>(slowest - by_rank.data()),
                       .rate = rates.front(),
                       .usual_rate = usual,
                       .lost_seconds = slowest->seconds - slowest->bytes / usual};
  if (found.rate * much_slower > usual || found.lost_seconds < worth_a_warning) return std::nullopt;
  return found;
}

}  // namespace cloze
