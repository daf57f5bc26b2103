#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/runtime/engine.h"
#include "engine/runtime/host_memory.h"
#include "engine/train/model_state.h"

namespace cloze {

// A copy of what a checkpoint holds (parameters, both moments and state values, float32), in memory of the
// host that is allocated once.
class StateSnapshot {
 public:
  explicit StateSnapshot(int64_t elements);
  static int64_t bytes(int64_t elements) { return 3 * elements * int64_t{sizeof(float)}; }

  void take(const Engine& engine);
  void take_parameters(const Engine& engine);  // and state values
  FlatState state() const;
  // Parameters or moments, to be read or written.
  std::span<float> flat(Memory memory);
  std::span<const float> flat(Memory memory) const;

 private:
  const HostMemory& of(Memory memory) const;

  HostMemory parameters_, first_moment_, second_moment_;
  std::vector<float> values_;  // of the state
};

}  // namespace cloze
