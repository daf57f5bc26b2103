#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/data/instance.h"
#include "engine/data/packed_batch.h"
#include "engine/data/pairing.h"
#include "engine/graph/capacity.h"

namespace cloze {

// Fills order[0, live) with the rows of `tokens` ordered by (token, row): a stable radix sort, so that a
// gradient of word rows can be summed in a fixed order. `scratch` is working memory. tokens >= 0.
void order_by_token(std::span<const int32_t> tokens, std::span<int32_t> order, std::vector<int32_t>& scratch);

// Lays sequences back to back into a micro-batch. One packer serves one thread.
class Packer {
 public:
  explicit Packer(const InstanceMaker& maker) : maker_(&maker) {}

  // Makes the sequences and fills `batch` at the smallest rung of `ladder` that holds them; `first_index` is
  // the place of the first in the global batch. Reuses the batch's memory. Throws Error where no rung is
  // large enough.
  void pack(std::span<const InstanceReference> sequences, int64_t first_index,
            const std::vector<Capacity>& ladder, PretrainingBatch& batch);

 private:
  void append(const Instance& instance, int64_t index, PretrainingBatch& batch) const;

  const InstanceMaker* maker_;
  std::vector<Instance> instances_;
  std::vector<int32_t> scratch_;
};

}  // namespace cloze
