#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/data/packed_batch.h"
#include "engine/graph/capacity.h"

// How sequences are laid back to back, the same for every task: begin, append each, finish.
namespace cloze {

// Makes the arrays as large as the capacity; nothing is live.
void begin_packing(PackedSequences& packed, const Capacity& capacity);

// One sequence: its tokens, of which those from `second_begins` on are of type 1; `index` is its place in the
// global batch, the key of its dropout masks. Returns its first row.
int64_t append_sequence(PackedSequences& packed, std::span<const int32_t> tokens, int64_t second_begins,
                        int64_t index);

// Fills what lies beyond the live counts and orders the rows by token. `scratch` is working memory.
void finish_packing(PackedSequences& packed, std::vector<int32_t>& scratch);

// Fills order[0, live) with the rows of `tokens` ordered by (token, row): a stable radix sort, so that a
// gradient of word rows can be summed in a fixed order. `scratch` is working memory. tokens >= 0.
void order_by_token(std::span<const int32_t> tokens, std::span<int32_t> order, std::vector<int32_t>& scratch);

}  // namespace cloze
