#include "engine/runtime/traced_launches.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

namespace cloze {
namespace {

// A graph may run copies and fills as kernels, which have names: "memset32_post".
bool same_work(const std::string& learned, const std::string& replayed) {
  if (learned == replayed) return true;
  return (learned == "copy" && replayed.find("memcpy") != std::string::npos) ||
         (learned == "set" && replayed.find("memset") != std::string::npos);
}

}  // namespace

void TracedLaunches::learn(std::span<const GpuActivity> of_next_launch) {
  std::vector<std::string>& names = names_.emplace_back();
  for (const GpuActivity& activity : of_next_launch) names.push_back(activity.name);
}

void TracedLaunches::assign(std::span<const GpuActivity> activities, std::vector<LaunchTime>& times) const {
  std::vector<GpuActivity> replayed;
  std::copy_if(activities.begin(), activities.end(), std::back_inserter(replayed),
               [](const GpuActivity& activity) { return activity.replayed; });
  size_t expected = 0;
  for (const auto& names : names_) expected += names.size();
  if (replayed.size() != expected) {
    throw CudaError(fmt::format(
        "the replayed CUDA graph was noted as {} activities, call by call its launches are {}: its "
        "launches cannot be told apart. Profile it launch by launch",
        replayed.size(), expected));
  }
  times.assign(names_.size(), {});
  double reached = replayed.empty() ? launch_clock() : replayed.front().begin;
  auto next = replayed.cbegin();
  for (size_t launch = 0; launch < names_.size(); ++launch) {
    LaunchTime& time = times[launch];
    time = {.begin = names_[launch].empty() ? reached : next->begin, .end = reached};
    for (const std::string& name : names_[launch]) {
      if (!same_work(name, next->name)) {
        throw CudaError(
            fmt::format("the replayed CUDA graph runs {} where launch {} was to run {}: its launches "
                        "cannot be told apart. Profile it launch by launch",
                        next->name, launch, name));
      }
      time.end = std::max(time.end, next->end);
      ++next;
    }
    reached = time.end;
  }
}

}  // namespace cloze
