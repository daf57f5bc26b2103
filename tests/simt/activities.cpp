#include "tests/simt/activities.h"

#include <chrono>
#include <utility>

namespace cloze::simt {
namespace {

std::function<void(const Activity&)> observer;
uint32_t replayed_graph = 0;

}  // namespace

uint64_t activity_clock() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

std::function<void()> observed(ActivityKind kind, std::string name, std::function<void()> work) {
  return [kind, name = std::move(name), work = std::move(work)] {
    const uint64_t begin = activity_clock();
    work();
    if (observer) observer({kind, name, begin, activity_clock(), replayed_graph});
  };
}

void observe_activities(std::function<void(const Activity&)> next) {
  observer = std::move(next);
}
void set_replayed_graph(uint32_t number) {
  replayed_graph = number;
}

}  // namespace cloze::simt
