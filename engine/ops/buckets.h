#pragma once

#include <cstdint>
#include <vector>

#include "engine/graph/parameters.h"

namespace cloze {

// A range of the flat buffers, in elements: what collectives work on at once.
struct Bucket {
  int64_t begin = 0, end = 0;
  int64_t count() const { return end - begin; }
  friend bool operator==(const Bucket&, const Bucket&) = default;
};

// Buckets of at least `least` elements (and enough that no process's share is empty), that are the whole
// buffer together, from its end, where backward begins, to its begin. A bucket begins with a parameter, and
// stacked parameters stay together; gaps between parameters go with those before them.
std::vector<Bucket> cut_into_buckets(const ParameterLayout& layout, int64_t least, int processes);

// The part of a bucket that one process updates: elements [begin, end) of the flat buffers. Of moments it
// holds nothing else: theirs begin at element `moments` of its buffers.
struct Shard {
  int64_t begin = 0, end = 0, moments = 0;
  int64_t count() const { return end - begin; }
  friend bool operator==(const Shard&, const Shard&) = default;
};

// One shard for each bucket, in their order: share_of() the bucket.
std::vector<Shard> shards_of(const std::vector<Bucket>& buckets, int rank, int processes);
// The size of the moments' buffers that hold them.
int64_t moment_elements(const std::vector<Shard>& shards);

}  // namespace cloze
