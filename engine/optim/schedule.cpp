#include "engine/optim/schedule.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace cloze {
namespace {

// The share of the way from `begin` to `end`, kept within [0, 1].
double progress(int64_t step, int64_t begin, int64_t end) {
  if (step >= end) return 1;
  return static_cast<double>(step - begin) / static_cast<double>(end - begin);
}

// What is left of the distance between peak and end rate, 1 to 0, at a step after warm-up.
double remaining(const ScheduleOptions& options, int64_t step, int64_t warmup, int64_t total_steps) {
  const double after_warmup = progress(step, warmup, total_steps);
  switch (options.kind) {
    case ScheduleKind::bert:
      return 1 - progress(step, 0, total_steps);
    case ScheduleKind::linear:
      return 1 - after_warmup;
    case ScheduleKind::cosine:
      return 0.5 * (1 + std::cos(std::numbers::pi * after_warmup));
    case ScheduleKind::polynomial:
      return std::pow(1 - after_warmup, options.power);
    case ScheduleKind::constant:
      return 1;
  }
  return 1;
}

}  // namespace

int64_t warmup_steps(const ScheduleOptions& options, int64_t total_steps) {
  return options.warmup_steps.value_or(
      static_cast<int64_t>(static_cast<double>(total_steps) * options.warmup_proportion));
}

double learning_rate(const ScheduleOptions& options, double peak, int64_t step, int64_t total_steps) {
  const int64_t warmup = warmup_steps(options, total_steps);
  if (step < warmup) return peak * static_cast<double>(step) / static_cast<double>(warmup);
  const double distance = peak - options.end_learning_rate;
  return options.end_learning_rate + distance * remaining(options, step, warmup, total_steps);
}

std::vector<std::string> schedule_warnings(const ScheduleOptions& options, double peak, int64_t total_steps) {
  std::vector<std::string> warnings;
  const int64_t warmup = warmup_steps(options, total_steps);
  if (warmup >= total_steps) {
    const double highest = learning_rate(options, peak, total_steps - 1, total_steps);
    warnings.push_back(fmt::format(
        "warm-up takes {} steps but the run has {}: the learning rate only rises, to {:g} of {:g}", warmup,
        total_steps, highest, peak));
  }
  if (options.kind != ScheduleKind::constant && options.end_learning_rate > peak) {
    warnings.push_back(fmt::format("the learning rate ends at {:g}, above its peak of {:g}",
                                   options.end_learning_rate, peak));
  }
  return warnings;
}

}  // namespace cloze
