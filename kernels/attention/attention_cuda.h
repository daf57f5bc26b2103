#pragma once

#include "kernels/attention/attention.h"
#include "kernels/common/cuda.h"

namespace cloze {

// bf16 on tensor cores: head sizes that are multiples of 8, up to 128.
void attention_forward_bf16(Cuda& device, const AttentionForward& op);
// Sequences of up to `most` queries and more than `least`: a block per sequence and head, which keeps the
// query gradient on chip while it walks the keys.
void attention_backward_on_chip(Cuda& device, const AttentionBackward& op, int64_t least, int64_t most);
// Sequences of more than `least` queries: a block per tile of keys, then a block per tile of queries.
void attention_backward_tiled(Cuda& device, const AttentionBackward& op, int64_t least);
// The longest sequence, in queries, whose gradient fits in the shared memory of the device.
int64_t attention_most_queries_on_chip(const Cuda& device, int64_t head_size);

// f32 in plain arithmetic, for checking: a warp per row.
void attention_forward_f32(Cuda& device, const AttentionForward& op);
void attention_backward_f32(Cuda& device, const AttentionBackward& op);

}  // namespace cloze
