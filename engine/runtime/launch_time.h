#pragma once

#include <chrono>

namespace cloze {

// When a launch ran: seconds of a clock that only goes forward, the same as seconds_now().
struct LaunchTime {
  double begin = 0, end = 0;
  double seconds() const { return end - begin; }
};

inline double launch_clock() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace cloze
