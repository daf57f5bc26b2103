#include "kernels/attention/attention_work.cuh"
#include "kernels/common/launch.h"

namespace cloze {
namespace {

constexpr int threads = 256;

__device__ int tiles_of(const Tensor& offsets, int sequence) {
  const int32_t* rows = offsets.as<int32_t>() + sequence;
  constexpr auto tile = static_cast<int>(attention_tile_rows);
  return (rows[1] - rows[0] + tile - 1) / tile;
}

__device__ void write_work(const Tensor& work, int place, int sequence, int queries, int keys) {
  work.row<int32_t>(0)[place] = sequence;
  work.row<int32_t>(1)[place] = queries;
  work.row<int32_t>(2)[place] = keys;
}

// A thread per sequence counts what comes before it. There are some hundred sequences, once a step.
__global__ void __launch_bounds__(threads) work_kernel(AttentionWork op) {
  const int live = device_sequences(op.query_offsets);
  const int mine = static_cast<int>(blockIdx.x) * threads + static_cast<int>(threadIdx.x);
  if (live == 0 && mine == 0) write_work(op.work, 0, 0, 0, 0);
  if (mine >= live) return;
  const int my_keys = tiles_of(op.key_offsets, mine);
  int place = 0, queries = 0, keys = 0;
  for (int other = 0; other < live; ++other) {
    const int other_keys = tiles_of(op.key_offsets, other);
    if (other_keys < my_keys || (other_keys == my_keys && other >= mine)) continue;
    ++place;
    queries += tiles_of(op.query_offsets, other);
    keys += other_keys;
  }
  write_work(op.work, place, mine, queries, keys);
  if (place == live - 1)
    write_work(op.work, live, live, queries + tiles_of(op.query_offsets, mine), keys + my_keys);
}

}  // namespace

void attention_work(Cuda& device, const AttentionWork& op) {
  const int64_t sequences = op.query_offsets.columns - 1;
  launch(device, {(sequences + threads - 1) / threads, threads}, work_kernel, op);
}

}  // namespace cloze
