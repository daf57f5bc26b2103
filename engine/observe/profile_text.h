#pragma once

#include <string>

#include "engine/observe/profile_rows.h"

// A profile for people and other programs.
namespace cloze {

// A table: every row's launches and time per step, share of the step, FLOP/s and B/s, both as shares of the
// ceilings, FLOP per byte; then totals and what lies between the launches.
std::string profile_table(const Profile& profile, GroupBy by);

// All tables in full precision, with what they were taken on.
std::string profile_json(const Profile& profile);

// Chrome's trace event format, which Perfetto reads: step, micro-batch, phase, layer and op as nested spans.
std::string profile_trace(const Profile& profile);

}  // namespace cloze
