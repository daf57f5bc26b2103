#include "kernels/attention/attention_tasks.h"

#include <algorithm>
#include <new>
#include <vector>

#include "hwy/aligned_allocator.h"
#include "kernels/common/parallel.h"

namespace cloze {

void for_each_attention_task(const AttentionShape& shape, const Tensor& query_offsets,
                             const Tensor& key_offsets, void (*body)(const void* op, const AttentionTask&),
                             const void* op) {
  struct Sequence {
    int32_t first_query, queries, first_key, keys;
  };
  // Kept between calls: no allocation while stepping.
  static thread_local std::vector<Sequence> sequences;
  sequences.clear();
  const int32_t* query_begin = query_offsets.as<int32_t>();
  const int32_t* key_begin = key_offsets.as<int32_t>();
  for (int64_t s = 0; s < live_sequences(query_offsets); ++s) {
    const int32_t keys = key_begin[s + 1] - key_begin[s];
    if (keys > 0)
      sequences.push_back({query_begin[s], query_begin[s + 1] - query_begin[s], key_begin[s], keys});
  }
  // One more query stands for the packing of the keys.
  const auto cost = [](const Sequence& s) { return (int64_t{s.queries} + 1) * s.keys; };
  std::sort(sequences.begin(), sequences.end(),
            [&](const Sequence& left, const Sequence& right) { return cost(left) > cost(right); });

  const Sequence* ordered = sequences.data();  // a thread_local names another vector inside the tasks
  parallel_tasks(static_cast<int64_t>(sequences.size()) * shape.heads, [=](int64_t task) {
    const Sequence& s = ordered[task / shape.heads];
    const int64_t head = task % shape.heads;
    body(op, {head, head * shape.head_size, s.first_query, s.queries, s.first_key, s.keys});
  });
}

float* attention_scratch(int64_t floats) {
  static thread_local hwy::AlignedFreeUniquePtr<float[]> memory;
  static thread_local int64_t size = 0;
  if (floats > size) {
    memory = hwy::AllocateAligned<float>(static_cast<size_t>(floats));
    if (!memory) throw std::bad_alloc();
    size = floats;
  }
  return memory.get();
}

}  // namespace cloze
