#include "engine/data/sequence_packing.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace cloze {
namespace {

constexpr int digit_bits = 9;  // two passes for vocabularies below 2^18

}  // namespace

void begin_packing(PackedSequences& packed, const Capacity& capacity) {
  const auto tokens = static_cast<size_t>(capacity.tokens),
             sequences = static_cast<size_t>(capacity.sequences);
  packed.live_tokens = packed.live_sequences = 0;
  packed.tokens.resize(tokens);
  packed.token_types.resize(tokens);
  packed.positions.resize(tokens);
  packed.row_ids.resize(2 * tokens);
  packed.token_order.resize(tokens);
  packed.sequence_offsets.resize(sequences + 1);
  packed.first_rows.resize(sequences);
}

int64_t append_sequence(PackedSequences& packed, std::span<const int32_t> tokens, int64_t second_begins,
                        int64_t index) {
  const auto first = static_cast<size_t>(packed.live_tokens),
             sequence = static_cast<size_t>(packed.live_sequences);
  std::copy(tokens.begin(), tokens.end(), packed.tokens.begin() + static_cast<std::ptrdiff_t>(first));
  for (size_t i = 0; i < tokens.size(); ++i) {
    packed.token_types[first + i] = static_cast<int64_t>(i) < second_begins ? 0 : 1;
    packed.positions[first + i] = static_cast<int32_t>(i);
    packed.row_ids[2 * (first + i)] = static_cast<int32_t>(index);
    packed.row_ids[2 * (first + i) + 1] = static_cast<int32_t>(i);
  }
  packed.sequence_offsets[sequence] = packed.first_rows[sequence] = static_cast<int32_t>(first);
  packed.live_tokens += static_cast<int64_t>(tokens.size());
  packed.live_sequences += 1;
  return static_cast<int64_t>(first);
}

void finish_packing(PackedSequences& packed, std::vector<int32_t>& scratch) {
  const int64_t tokens = packed.live_tokens, sequences = packed.live_sequences;
  std::fill(packed.tokens.begin() + tokens, packed.tokens.end(), 0);
  std::fill(packed.token_types.begin() + tokens, packed.token_types.end(), 0);
  std::fill(packed.positions.begin() + tokens, packed.positions.end(), 0);
  std::fill(packed.row_ids.begin() + 2 * tokens, packed.row_ids.end(), 0);
  std::iota(packed.token_order.begin() + tokens, packed.token_order.end(), static_cast<int32_t>(tokens));
  std::fill(packed.sequence_offsets.begin() + sequences, packed.sequence_offsets.end(),
            static_cast<int32_t>(tokens));
  std::fill(packed.first_rows.begin() + sequences, packed.first_rows.end(), 0);
  order_by_token(std::span(packed.tokens).first(static_cast<size_t>(tokens)), packed.token_order, scratch);
}

void order_by_token(std::span<const int32_t> tokens, std::span<int32_t> order,
                    std::vector<int32_t>& scratch) {
  const size_t count = tokens.size();
  if (count == 0) return;
  scratch.resize(count);
  std::iota(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), 0);
  std::span<int32_t> from = order.first(count), to = scratch;
  const auto largest = static_cast<uint32_t>(*std::max_element(tokens.begin(), tokens.end()));
  for (int shift = 0; shift == 0 || (shift < 32 && largest >> shift != 0); shift += digit_bits) {
    const auto digit = [&](int32_t row) {
      return static_cast<uint32_t>(tokens[static_cast<size_t>(row)]) >> shift & ((1u << digit_bits) - 1);
    };
    std::array<uint32_t, (1 << digit_bits) + 1> begins = {};
    for (const int32_t row : from) ++begins[digit(row) + 1];
    for (size_t d = 1; d < begins.size(); ++d) begins[d] += begins[d - 1];
    for (const int32_t row : from) to[begins[digit(row)]++] = row;
    std::swap(from, to);
  }
  if (from.data() != order.data()) std::copy(from.begin(), from.end(), order.begin());
}

}  // namespace cloze
