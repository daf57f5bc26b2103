#include <algorithm>
#include <numeric>
#include <vector>

#include "kernels/attention/attention.h"

namespace cloze {
namespace {

void order_work(const AttentionWork& op) {
  const int64_t live = live_sequences(op.query_offsets);
  const auto tiles = [](const Tensor& offsets, int32_t sequence) {
    const int32_t* rows = offsets.as<int32_t>() + sequence;
    return static_cast<int32_t>((rows[1] - rows[0] + attention_tile_rows - 1) / attention_tile_rows);
  };
  std::vector<int32_t> order(static_cast<size_t>(live));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return tiles(op.key_offsets, a) > tiles(op.key_offsets, b); });
  int32_t queries = 0, keys = 0;
  for (int64_t i = 0; i <= live; ++i) {
    const int32_t sequence = i < live ? order[static_cast<size_t>(i)] : static_cast<int32_t>(live);
    op.work.row<int32_t>(0)[i] = sequence;
    op.work.row<int32_t>(1)[i] = queries;
    op.work.row<int32_t>(2)[i] = keys;
    if (i == live) break;
    queries += tiles(op.query_offsets, sequence);
    keys += tiles(op.key_offsets, sequence);
  }
}

}  // namespace

void attention_work(Reference&, const AttentionWork& op) {
  order_work(op);
}
void attention_work(Cpu&, const AttentionWork& op) {
  order_work(op);
}

}  // namespace cloze
