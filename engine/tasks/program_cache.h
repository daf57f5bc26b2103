#pragma once

#include <memory>
#include <vector>

#include "engine/graph/capacity.h"
#include "engine/passes/passes.h"

namespace cloze {

// What a program was compiled for: a rung of the ladder, and training at one place in a step or evaluation.
struct ProgramPlace {
  Capacity capacity;
  bool train = false;
  MicroBatch micro_batch;
  friend bool operator==(const ProgramPlace&, const ProgramPlace&) = default;
};

// Programs that were compiled when they were first needed.
template <class Program>
class ProgramCache {
 public:
  // The program of a place; `compile()` makes it where there is none yet. Valid as long as the cache.
  template <typename Compile>
  Program& get(const ProgramPlace& place, const Compile& compile) {
    for (const Entry& entry : entries_) {
      if (entry.place == place) return *entry.program;
    }
    entries_.push_back({place, compile()});
    return *entries_.back().program;
  }

 private:
  struct Entry {
    ProgramPlace place;
    std::unique_ptr<Program> program;
  };
  std::vector<Entry> entries_;
};

}  // namespace cloze
