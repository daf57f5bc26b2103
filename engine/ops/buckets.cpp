#include "engine/ops/buckets.h"

#include <algorithm>

#include "engine/parallel/communicator.h"

namespace cloze {
namespace {

constexpr int64_t alignment = 64;  // elements: 256 bytes of float32, as in the flat buffers

}  // namespace

std::vector<Bucket> cut_into_buckets(const ParameterLayout& layout, int64_t least, int processes) {
  least = std::max(least, share_alignment * processes);
  std::vector<Bucket> buckets;
  int64_t end = layout.elements();
  for (auto parameter = layout.parameters().rbegin(); parameter != layout.parameters().rend(); ++parameter) {
    if (parameter->stacked || end - parameter->offset < least) continue;
    buckets.push_back({parameter->offset, end});
    end = parameter->offset;
  }
  if (end >= share_alignment * processes || buckets.empty()) {
    if (end > 0) buckets.push_back({0, end});
  } else {
    buckets.back().begin = 0;
  }
  return buckets;
}

std::vector<Shard> shards_of(const std::vector<Bucket>& buckets, int rank, int processes) {
  std::vector<Shard> shards;
  int64_t moments = 0;
  for (const Bucket& bucket : buckets) {
    const Share share = share_of(bucket.count(), rank, processes);
    shards.push_back({bucket.begin + share.begin, bucket.begin + share.end, moments});
    moments += (share.size() + alignment - 1) / alignment * alignment;
  }
  return shards;
}

int64_t moment_elements(const std::vector<Shard>& shards) {
  return shards.empty() ? 0 : shards.back().moments + shards.back().count();
}

}  // namespace cloze
