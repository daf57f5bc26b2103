#include "engine/train/shared_state.h"

#include <algorithm>

namespace cloze {
namespace {

constexpr int64_t at_once = 1 << 22;  // elements, or bytes, on their way to other ranks

// body(first, count) over [begin, end), piece by piece.
template <typename Body>
void for_each_piece(int64_t begin, int64_t end, const Body& body) {
  for (int64_t at = begin; at < end; at += at_once) body(at, std::min(at_once, end - at));
}

template <typename T>
std::span<T> part(std::span<T> whole, int64_t begin, int64_t count) {
  return whole.subspan(static_cast<size_t>(begin), static_cast<size_t>(count));
}

// Elements of float32 in the memory of the device.
std::span<std::byte> bytes_of(Engine& engine, Memory memory, int64_t begin, int64_t count) {
  constexpr int64_t size = sizeof(float);
  return part(engine.bytes(memory), begin * size, count * size);
}

void clear(Engine& engine, Memory memory, int64_t begin, int64_t end) {
  const std::vector<float> zeros(static_cast<size_t>(std::min(at_once, end - begin)));
  for_each_piece(begin, end, [&](int64_t at, int64_t count) {
    engine.write(memory, at, part(std::span<const float>(zeros), 0, count));
  });
}

}  // namespace

SharedState::SharedState(Communicator& communicator, std::vector<Bucket> buckets)
    : communicator_(communicator), buckets_(std::move(buckets)) {}

void SharedState::spread(Engine& engine, int64_t elements, const StateSnapshot* whole) const {
  if (communicator_.size() == 1) return;
  broadcast(engine.bytes(Memory::parameters), 0);
  broadcast(engine.bytes(Memory::compute_copy), 0);
  broadcast(engine.bytes(Memory::state), 0);
  for (const Memory memory : {Memory::first_moment, Memory::second_moment}) {
    if (sharded()) {
      spread_shards(engine, memory, elements,
                    whole == nullptr ? std::span<const float>() : whole->flat(memory));
    } else {
      broadcast(engine.bytes(memory), 0);
    }
  }
}

void SharedState::broadcast(std::span<std::byte> bytes, int root) const {
  for_each_piece(0, static_cast<int64_t>(bytes.size()), [&](int64_t at, int64_t count) {
    run(*communicator_.broadcast(part(bytes, at, count), root));
  });
}

void SharedState::spread_shards(Engine& engine, Memory memory, int64_t elements,
                                std::span<const float> whole) const {
  std::vector<float> values;
  for_each_piece(0, elements, [&](int64_t at, int64_t count) {
    if (communicator_.rank() == 0) engine.write(Memory::gradients, at, part(whole, at, count));
    run(*communicator_.broadcast(bytes_of(engine, Memory::gradients, at, count), 0));
    for (const Shard& shard : shards_of(buckets_, communicator_.rank(), communicator_.size())) {
      const int64_t begin = std::max(shard.begin, at), end = std::min(shard.end, at + count);
      if (begin >= end) continue;
      values.resize(static_cast<size_t>(end - begin));
      engine.read(Memory::gradients, begin, std::span<float>(values));
      engine.write(memory, shard.moments + begin - shard.begin, values);
    }
  });
  clear(engine, Memory::gradients, 0, elements);
}

void SharedState::gather_moments(Engine& engine, StateSnapshot* whole) const {
  for (const Memory memory : {Memory::first_moment, Memory::second_moment})
    gather(engine, memory, whole == nullptr ? std::span<float>() : whole->flat(memory));
}

// Rank after rank shows its shards to all, and rank 0 writes them down.
void SharedState::gather(Engine& engine, Memory memory, std::span<float> whole) const {
  std::vector<float> values;
  for (int owner = 0; owner < communicator_.size(); ++owner) {
    for (const Shard& shard : shards_of(buckets_, owner, communicator_.size())) {
      for_each_piece(shard.begin, shard.end, [&](int64_t at, int64_t count) {
        values.resize(static_cast<size_t>(count));
        if (communicator_.rank() == owner) {
          engine.read(memory, shard.moments + at - shard.begin, std::span<float>(values));
          engine.write(Memory::gradients, at, values);
        }
        run(*communicator_.broadcast(bytes_of(engine, Memory::gradients, at, count), owner));
        if (communicator_.rank() == 0) engine.read(Memory::gradients, at, part(whole, at, count));
      });
      clear(engine, Memory::gradients, shard.begin, shard.end);
    }
  }
}

}  // namespace cloze
