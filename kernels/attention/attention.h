#pragma once

#include <cstdint>

#include "kernels/common/device.h"
#include "kernels/common/dropout.h"
#include "kernels/common/tensor.h"

// Variable-length softmax attention over packed sequences (Vaswani et al. 2017, 3.2.1; online softmax and
// recomputation in backward: Dao et al. 2022). No [length, length] matrix is ever stored. Sequence s owns
// query rows query_offsets[s] … query_offsets[s+1]-1 and key rows key_offsets[s] … key_offsets[s+1]-1;
// query.live etc. are unused: the number of live sequences, *query_offsets.live, decides. Queries
// may be a subset of the tokens (only the rows that are read later), in any number per sequence, zero
// included. Sequences without keys have no queries.
namespace cloze {

struct AttentionShape {
  int64_t heads = 0;
  int64_t head_size = 0;         // the CPU is quick at multiples of 4; others run the reference's plain loops
  float scale = 0;               // 1/sqrt(head_size)
  int64_t longest_sequence = 0;  // rows of any, where known; 0: not. Saves Cuda launches that find no work
};

// probabilities = softmax(scale · query · keyᵀ); output = dropout(probabilities) · value, per head
struct AttentionForward {
  AttentionShape shape;
  Tensor query;          // [query rows, heads * head_size]; usually a strided view of [rows, 3 * hidden]
  Tensor key, value;     // [key rows, heads * head_size]
  Tensor query_offsets;  // i32 [1, sequences + 1]; `live` = number of live sequences (not of offsets)
  Tensor key_offsets;    // i32 [1, sequences + 1]
  Dropout dropout = {};  // row_ids: of the query rows; row: position * heads + head; column: key position
  Tensor output;         // [query rows, heads * head_size]
  Tensor log_sum_exp;    // [query rows, heads], f32 (f64 on the reference): log Σ exp(scale · q · k)
  Tensor work = {};  // of attention_work, or none: Cuda takes sequences as they come. No result depends on it
};

// Gradients overwrite. The reference recomputes from scratch and may ignore log_sum_exp and output.
struct AttentionBackward {
  AttentionShape shape;
  Tensor query, key, value;
  Tensor query_offsets, key_offsets;
  Dropout dropout = {};
  Tensor output, log_sum_exp;  // of forward
  Tensor output_gradient;      // [query rows, heads * head_size]
  Tensor query_gradient, key_gradient, value_gradient;
  Tensor work = {};
};

// The order of work on a GPU, longest sequences first, so that no long one begins when the others are done:
//   work[0]  the live sequences by falling number of key tiles, the earlier of equals first
//   work[1]  how many tiles of queries come before those of each, in that order
//   work[2]  the same of keys
// The entry after the last live sequence is the total. A tile is attention_tile_rows rows of one sequence.
struct AttentionWork {
  Tensor query_offsets, key_offsets;  // i32 [1, sequences + 1], as above
  Tensor work;                        // i32 [3, sequences + 1]
};
constexpr int64_t attention_tile_rows = 64;

// The number of sequences to compute now, from query_offsets.
inline int64_t live_sequences(const Tensor& offsets) {
  return offsets.live != nullptr ? *offsets.live : offsets.columns - 1;
}

// Longest sequences, in keys, that the kernels take.
constexpr int64_t attention_max_keys = 65535;

void attention_work(Reference&, const AttentionWork&);
void attention_work(Cpu&, const AttentionWork&);
void attention_work(Cuda&, const AttentionWork&);
void attention_forward(Reference&, const AttentionForward&);
void attention_forward(Cpu&, const AttentionForward&);
void attention_forward(Cuda&, const AttentionForward&);
void attention_backward(Reference&, const AttentionBackward&);
void attention_backward(Cpu&, const AttentionBackward&);
void attention_backward(Cuda&, const AttentionBackward&);

}  // namespace cloze
