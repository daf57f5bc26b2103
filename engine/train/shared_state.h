#pragma once

#include <span>
#include <vector>

#include "engine/ops/buckets.h"
#include "engine/parallel/communicator.h"
#include "engine/runtime/engine.h"
#include "engine/train/state_snapshot.h"

namespace cloze {

// The flat buffers of a run across its ranks: what rank 0 has read reaches all, and what checkpoints hold
// comes together on rank 0. Parameters are whole on every rank. Moments are too, or every rank holds those of
// its shards. All ranks call the same functions in the same order, between two steps. Everything travels in
// the memory of the device: moments through the buffer of gradients, which nothing needs there between steps
// and which ends zero.
class SharedState {
 public:
  // `buckets`: where ranks hold shards of moments; empty: they hold all.
  SharedState(Communicator& communicator, std::vector<Bucket> buckets);

  bool sharded() const { return !buckets_.empty(); }
  // From rank 0 to all. Where ranks hold shards, its moments are those of `whole` (on other ranks null).
  void spread(Engine& engine, int64_t elements, const StateSnapshot* whole) const;
  // The moments of all shards, into `whole` on rank 0 (null on the others). Only where ranks hold shards.
  void gather_moments(Engine& engine, StateSnapshot* whole) const;

 private:
  void broadcast(std::span<std::byte> bytes, int root) const;
  void spread_shards(Engine& engine, Memory memory, int64_t elements, std::span<const float> whole) const;
  void gather(Engine& engine, Memory memory, std::span<float> whole) const;

  Communicator& communicator_;
  std::vector<Bucket> buckets_;
};

}  // namespace cloze
