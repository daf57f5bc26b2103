#pragma once

#include <memory>
#include <vector>

#include "engine/ops/buckets.h"
#include "engine/ops/optimizer.h"
#include "engine/parallel/communicator.h"

namespace cloze {

// The update where every process holds the moments of its shards only (ZeRO stage 1, Rajbhandari et al.
// 2020). `gradients`: its shards of the summed gradients, in the order of the buckets. The norm of all
// gradients, and LAMB's norms of parameters that are cut by a shard, are put together from what every process
// has. Then shard after shard is updated, and gathered into the whole parameters of all processes while the
// next one is.
struct ShardedUpdate {
  std::shared_ptr<Communicator> communicator;
  std::vector<Bucket> buckets;
  int64_t elements = 0;        // of the flat parameters
  ValueId scalars = no_value;  // OptimizerScalars
  UpdateAttributes attributes;
};
UpdateResults update_shards(Graph& graph, const std::vector<ValueId>& gradients, const ShardedUpdate& update);

}  // namespace cloze
