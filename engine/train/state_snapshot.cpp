#include "engine/train/state_snapshot.h"

#include <algorithm>

#include "kernels/common/parallel.h"

namespace cloze {
namespace {

constexpr int64_t copied_at_once = 1 << 20;

void copy_flat(const Engine& engine, Memory memory, std::span<float> copy) {
  const auto count = static_cast<int64_t>(copy.size());
  if (const std::span<const float> flat = engine.view(memory); !flat.empty()) {
    parallel_for(0, count, copied_at_once, [&](int64_t begin, int64_t end) {
      std::copy(flat.data() + begin, flat.data() + end, copy.data() + begin);
    });
    return;
  }
  for (int64_t at = 0; at < count; at += copied_at_once) {
    engine.read(
        memory, at,
        copy.subspan(static_cast<size_t>(at), static_cast<size_t>(std::min(copied_at_once, count - at))));
  }
}

}  // namespace

StateSnapshot::StateSnapshot(int64_t elements)
    : parameters_(bytes(elements) / 3),
      first_moment_(bytes(elements) / 3),
      second_moment_(bytes(elements) / 3) {}

const HostMemory& StateSnapshot::of(Memory memory) const {
  if (memory == Memory::parameters) return parameters_;
  return memory == Memory::first_moment ? first_moment_ : second_moment_;
}

std::span<float> StateSnapshot::flat(Memory memory) {
  const HostMemory& flat = of(memory);
  return {reinterpret_cast<float*>(flat.data()), static_cast<size_t>(flat.bytes()) / sizeof(float)};
}

std::span<const float> StateSnapshot::flat(Memory memory) const {
  const HostMemory& flat = of(memory);
  return {reinterpret_cast<const float*>(flat.data()), static_cast<size_t>(flat.bytes()) / sizeof(float)};
}

void StateSnapshot::take_parameters(const Engine& engine) {
  copy_flat(engine, Memory::parameters, flat(Memory::parameters));
  values_.resize(static_cast<size_t>(engine.state().elements()));
  engine.read(Memory::state, 0, std::span<float>(values_));
}

void StateSnapshot::take(const Engine& engine) {
  take_parameters(engine);
  copy_flat(engine, Memory::first_moment, flat(Memory::first_moment));
  copy_flat(engine, Memory::second_moment, flat(Memory::second_moment));
}

FlatState StateSnapshot::state() const {
  return {.parameters = flat(Memory::parameters),
          .first_moment = flat(Memory::first_moment),
          .second_moment = flat(Memory::second_moment),
          .state = values_};
}

}  // namespace cloze
