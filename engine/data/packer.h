#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/data/instance.h"
#include "engine/data/packed_batch.h"
#include "engine/data/pairing.h"
#include "engine/graph/capacity.h"

namespace cloze {

// Lays sequences back to back into a micro-batch. One packer serves one thread.
class Packer {
 public:
  explicit Packer(const InstanceMaker& maker) : maker_(&maker) {}

  // Makes the sequences and fills `batch` at the smallest rung of `ladder` that holds them and `least`;
  // `first_index` is the place of the first in the global batch. Reuses the batch's memory. Throws Error
  // where no rung is large enough.
  void pack(std::span<const InstanceReference> sequences, int64_t first_index,
            const std::vector<Capacity>& ladder, PretrainingBatch& batch, const Capacity& least = {});

 private:
  void append(const Instance& instance, int64_t index, PretrainingBatch& batch) const;

  const InstanceMaker* maker_;
  std::vector<Instance> instances_;
  std::vector<int32_t> scratch_;
};

}  // namespace cloze
