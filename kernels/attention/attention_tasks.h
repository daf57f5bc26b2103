#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/attention/attention.h"

// How attention's work is cut on the CPU: one task per (sequence, head), computed by one thread alone, so
// that results depend neither on the number of threads nor on the order of tasks.
namespace cloze {

struct AttentionTask {
  int64_t head, first_column;  // first_column: head * head_size
  int64_t first_query, queries;
  int64_t first_key, keys;
};

// Whether a head fills quarters of vectors, as every published BERT's does. Toys may have heads of one
// column.
inline bool fills_quarter_vectors(const AttentionShape& shape) {
  return shape.head_size % 4 == 0;
}

// body(task) for every live sequence and head, in parallel, the most expensive first. Sequences without keys
// are left out; sequences without queries are not (their key gradients are zero).
void for_each_attention_task(const AttentionShape& shape, const Tensor& query_offsets,
                             const Tensor& key_offsets, void (*body)(const void* op, const AttentionTask&),
                             const void* op);

// At least `floats` floats of this thread's own memory, aligned for vectors; kept until the thread ends,
// grown when more is asked for. Valid until the next call.
float* attention_scratch(int64_t floats);

// Pieces of attention_scratch of the given sizes, each aligned for vectors.
template <size_t Count>
std::array<float*, Count> attention_scratch_pieces(const std::array<int64_t, Count>& sizes) {
  constexpr int64_t alignment = 32;  // floats
  const auto aligned = [](int64_t size) { return (size + alignment - 1) / alignment * alignment; };
  int64_t total = 0;
  for (int64_t size : sizes) total += aligned(size);
  std::array<float*, Count> pieces;
  float* next = attention_scratch(total);
  for (size_t i = 0; i < Count; ++i) {
    pieces[i] = next;
    next += aligned(sizes[i]);
  }
  return pieces;
}

}  // namespace cloze
