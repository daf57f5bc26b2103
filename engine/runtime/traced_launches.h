#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/runtime/launch_time.h"
#include "kernels/common/gpu_trace.h"

namespace cloze {

// Which of the activities of a replayed CUDA graph belong to which launch of a list. A graph does not say, so
// it is learned from a run call by call: how many activities each launch has, and their names. A replay has
// to have the same ones in the same order.
class TracedLaunches {
 public:
  bool learned() const { return !names_.empty(); }
  void forget() { names_.clear(); }
  void learn(std::span<const GpuActivity> of_next_launch);

  // A launch lasts from the begin of its first activity to the end of its last; one without any begins and
  // ends where the one before ended. Throws CudaError where the replay is not what was learned.
  void assign(std::span<const GpuActivity> activities, std::vector<LaunchTime>& times) const;

 private:
  std::vector<std::vector<std::string>> names_;  // [launches, activities]
};

}  // namespace cloze
