#include "engine/train/state_snapshot.h"

#include <algorithm>

#include "kernels/common/parallel.h"

namespace cloze {
namespace {

constexpr int64_t elements_at_once = 1 << 20;

void copy_flat(const Engine& engine, Memory memory, std::span<float> copy) {
  const auto count = static_cast<int64_t>(copy.size());
  if (const std::span<const float> flat = engine.view(memory); !flat.empty()) {
    parallel_for(0, count, elements_at_once, [&](int64_t begin, int64_t end) {
      std::copy(flat.data() + begin, flat.data() + end, copy.data() + begin);
    });
    return;
  }
  for (int64_t at = 0; at < count; at += elements_at_once) {
    engine.read(
        memory, at,
        copy.subspan(static_cast<size_t>(at), static_cast<size_t>(std::min(elements_at_once, count - at))));
  }
}

}  // namespace

StateSnapshot::StateSnapshot(int64_t elements)
    : parameters_(bytes(elements) / 3),
      first_moment_(bytes(elements) / 3),
      second_moment_(bytes(elements) / 3) {}

std::span<float> StateSnapshot::flat(const HostMemory& memory) const {
  return {reinterpret_cast<float*>(memory.data()), static_cast<size_t>(memory.bytes()) / sizeof(float)};
}

void StateSnapshot::take(const Engine& engine) {
  copy_flat(engine, Memory::parameters, flat(parameters_));
  copy_flat(engine, Memory::first_moment, flat(first_moment_));
  copy_flat(engine, Memory::second_moment, flat(second_moment_));
}

FlatState StateSnapshot::state() const {
  return {.parameters = flat(parameters_),
          .first_moment = flat(first_moment_),
          .second_moment = flat(second_moment_)};
}

}  // namespace cloze
