#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/observe/profile.h"

namespace cloze {

// What an op is measured against.
enum class Work : uint8_t {
  matmul,     // dense layers: one matrix product each
  attention,  // matrix products with a softmax between them
  other,      // everything else: moves more than it computes
};
const char* name_of(Work work);
Work work_of(const Graph& graph, const Node& node);

enum class GroupBy : uint8_t { op, layer, launch };

// Launches added up; all figures are means over the profiled steps.
struct ProfileRow {
  std::string name;
  Work work = Work::other;  // of a layer: other
  double launches = 0, seconds = 0;
  double flops = 0;  // all arithmetic (Cost::flops + Cost::scalar_flops)
  double bytes = 0;

  double flops_per_second() const { return seconds > 0 ? flops / seconds : 0; }
  double bytes_per_second() const { return seconds > 0 ? bytes / seconds : 0; }
  double intensity() const { return bytes > 0 ? flops / bytes : 0; }  // FLOP per byte
};

// Most time first; launches in the order they run, program by program.
std::vector<ProfileRow> profile_rows(const Profile& profile, GroupBy by);

// One kind of work in all, or of all kinds; `name` is of the row.
ProfileRow total_of(const std::vector<ProfileRow>& rows, std::string name);

// Where the mean step spends its time besides launches, in seconds.
struct StepTimes {
  double step = 0;      // from the batch being there to the last metric read
  double launches = 0;  // in all launches
  double inputs = 0;    // copying the batch into the step inputs
  double rest = 0;      // reading metrics, between launches
  double waiting = 0;   // for the loader, before the step
};
StepTimes step_times(const Profile& profile);

// "encoder.layer.3" of "encoder.layer.3.attention"; other scopes are layers themselves.
std::string_view layer_of(std::string_view scope);

}  // namespace cloze
