#include "engine/train/shared_state.h"

#include <algorithm>

namespace cloze {
namespace {

constexpr int64_t elements_at_once = 1 << 20;  // on their way to other ranks

// A range of a flat buffer on its way from one rank to all, piece by piece.
class Pieces {
 public:
  explicit Pieces(int64_t most) : piece_(static_cast<size_t>(std::min(most, elements_at_once))) {}
  std::span<std::byte> memory() { return std::as_writable_bytes(std::span(piece_)); }

  // body(first element, piece) over [begin, end).
  template <typename Body>
  void for_each(int64_t begin, int64_t end, const Body& body) {
    for (int64_t at = begin; at < end; at += elements_at_once)
      body(at, std::span(piece_).first(static_cast<size_t>(std::min(elements_at_once, end - at))));
  }

 private:
  std::vector<float> piece_;
};

template <typename T>
std::span<T> part(std::span<T> whole, int64_t begin, size_t count) {
  return whole.subspan(static_cast<size_t>(begin), count);
}

}  // namespace

SharedState::SharedState(Communicator& communicator, std::vector<Bucket> buckets)
    : communicator_(communicator), buckets_(std::move(buckets)) {}

std::optional<int64_t> SharedState::own_moments() const {
  if (!sharded()) return std::nullopt;
  return moment_elements(shards_of(buckets_, communicator_.rank(), communicator_.size()));
}

void SharedState::spread(Engine& engine, int64_t elements, const StateSnapshot* whole) const {
  if (communicator_.size() == 1) return;
  spread_whole(engine, Memory::parameters, elements);
  for (const Memory memory : {Memory::first_moment, Memory::second_moment}) {
    if (sharded()) {
      spread_shards(engine, memory, elements,
                    whole == nullptr ? std::span<const float>() : whole->flat(memory));
    } else {
      spread_whole(engine, memory, elements);
    }
  }
}

void SharedState::spread_whole(Engine& engine, Memory memory, int64_t elements) const {
  Pieces pieces(elements);
  const auto from_rank_0 = communicator_.broadcast(pieces.memory(), 0);
  pieces.for_each(0, elements, [&](int64_t at, std::span<float> piece) {
    if (communicator_.rank() == 0) engine.read(memory, at, piece);
    run(*from_rank_0);
    if (communicator_.rank() != 0) engine.write(memory, at, piece);
  });
}

void SharedState::spread_shards(Engine& engine, Memory memory, int64_t elements,
                                std::span<const float> whole) const {
  const std::vector<Shard> shards = shards_of(buckets_, communicator_.rank(), communicator_.size());
  Pieces pieces(elements);
  const auto from_rank_0 = communicator_.broadcast(pieces.memory(), 0);
  pieces.for_each(0, elements, [&](int64_t at, std::span<float> piece) {
    if (communicator_.rank() == 0) {
      const std::span<const float> source = part(whole, at, piece.size());
      std::copy(source.begin(), source.end(), piece.begin());
    }
    run(*from_rank_0);
    for (const Shard& shard : shards) {
      const int64_t begin = std::max(shard.begin, at);
      const int64_t end = std::min(shard.end, at + static_cast<int64_t>(piece.size()));
      if (begin >= end) continue;
      engine.write(memory, shard.moments + begin - shard.begin,
                   part(std::span<const float>(piece), begin - at, static_cast<size_t>(end - begin)));
    }
  });
}

void SharedState::gather_moments(const Engine& engine, StateSnapshot* whole) const {
  for (const Memory memory : {Memory::first_moment, Memory::second_moment})
    gather(engine, memory, whole == nullptr ? std::span<float>() : whole->flat(memory));
}

// Rank after rank shows its shards to all, and rank 0 writes them down.
void SharedState::gather(const Engine& engine, Memory memory, std::span<float> whole) const {
  Pieces pieces(elements_at_once);
  for (int owner = 0; owner < communicator_.size(); ++owner) {
    const auto from_owner = communicator_.broadcast(pieces.memory(), owner);
    for (const Shard& shard : shards_of(buckets_, owner, communicator_.size())) {
      pieces.for_each(shard.begin, shard.end, [&](int64_t at, std::span<float> piece) {
        if (communicator_.rank() == owner) engine.read(memory, shard.moments + at - shard.begin, piece);
        if (owner != 0) run(*from_owner);
        if (communicator_.rank() != 0) return;
        const std::span<float> target = part(whole, at, piece.size());
        std::copy(piece.begin(), piece.end(), target.begin());
      });
    }
  }
}

}  // namespace cloze
