#pragma once

#include <cstdint>
#include <functional>
#include <string>

// What the emulated GPU runs, as a profiler's library is told it.
namespace cloze::simt {

enum class ActivityKind : uint8_t { kernel, copy, set };

struct Activity {
  ActivityKind kind = ActivityKind::kernel;
  std::string name;             // of a kernel
  uint64_t begin = 0, end = 0;  // nanoseconds of the steady clock
  uint32_t graph = 0;           // number of the graph that is replayed, or 0
};

// The same work, told to the observer when it has run.
std::function<void()> observed(ActivityKind kind, std::string name, std::function<void()> work);

// From here on; none: nobody is told.
void observe_activities(std::function<void(const Activity&)> observer);
// Activities from here on are parts of a graph; 0: of none.
void set_replayed_graph(uint32_t number);

uint64_t activity_clock();

}  // namespace cloze::simt
