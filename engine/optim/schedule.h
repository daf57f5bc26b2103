#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cloze {

class Fields;

// How the learning rate moves between the end of warm-up (W steps) and the end of the run (N steps), from the
// peak to the end rate. All kinds warm up linearly, peak * step / W: the first step of a run has rate 0.
enum class ScheduleKind {
  bert,        // google-research/bert: a straight line from step 0, so the rate jumps down by W/N at step W
  linear,      // Hugging Face: a straight line from step W
  cosine,      // Loshchilov & Hutter 2017: half a cosine from step W
  polynomial,  // (1 - progress)^power from step W; power 0.5 goes with LAMB (NVIDIA's recipe)
  constant,    // stays at the peak
};

struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::bert;
  std::optional<int64_t> warmup_steps = {};  // where absent, warmup_proportion says it
  double warmup_proportion = 0.1;            // of all steps, rounded down
  double power = 1.0;                        // polynomial only
  double end_learning_rate = 0.0;            // at step N and after; not for constant

  friend bool operator==(const ScheduleOptions&, const ScheduleOptions&) = default;
};

// Names, ranges and help of every field, for configuration files (engine/config/fields.h).
void describe(Fields& fields, ScheduleOptions& options);

// W for a run of `total_steps`; it may be longer than the run.
int64_t warmup_steps(const ScheduleOptions& options, int64_t total_steps);

// The rate of the update made at `step`, the number of updates before it: 0 for the first. `peak` is
// OptimizerOptions::learning_rate; total_steps >= 1.
double learning_rate(const ScheduleOptions& options, double peak, int64_t step, int64_t total_steps);

// What a person would want to be told before a run of `total_steps` starts, one sentence each: that warm-up
// outlasts the run, that the rate ends above its peak. Empty where all is as usual.
std::vector<std::string> schedule_warnings(const ScheduleOptions& options, double peak, int64_t total_steps);

}  // namespace cloze
