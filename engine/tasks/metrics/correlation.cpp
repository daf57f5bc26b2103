#include "engine/tasks/metrics/correlation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <stdexcept>

namespace cloze {
namespace {

void require_equal_length(std::span<const double> x, std::span<const double> y) {
  if (x.size() != y.size()) throw std::logic_error("two series differ in length");
}

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

double pearson(std::span<const double> x, std::span<const double> y) {
  require_equal_length(x, y);
  if (x.size() < 2) return 0;
  const double mean_x = mean(x), mean_y = mean(y);
  double xy = 0, xx = 0, yy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double dx = x[i] - mean_x, dy = y[i] - mean_y;
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  if (xx == 0 || yy == 0) return 0;
  return std::clamp(xy / (std::sqrt(xx) * std::sqrt(yy)), -1.0, 1.0);  // rounding may go past 1
}

std::vector<double> average_ranks(std::span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double shared = static_cast<double>(begin + 1 + end) / 2;  // the mean of begin + 1 ... end
    for (; begin < end; ++begin) ranks[order[begin]] = shared;
  }
  return ranks;
}

double spearman(std::span<const double> x, std::span<const double> y) {
  require_equal_length(x, y);
  return pearson(average_ranks(x), average_ranks(y));
}

double mean_squared_error(std::span<const double> x, std::span<const double> y) {
  require_equal_length(x, y);
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += (x[i] - y[i]) * (x[i] - y[i]);
  return x.empty() ? 0 : sum / static_cast<double>(x.size());
}

}  // namespace cloze
