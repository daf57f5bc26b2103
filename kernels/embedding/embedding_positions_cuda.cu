// The position table's gradient. Packed sequences have their positions in no order that one could rely on,
// and there are few: a block takes one position and looks through the ids of the batch for it.
#include "kernels/common/launch.h"
#include "kernels/common/storage.h"
#include "kernels/common/vector.cuh"
#include "kernels/common/warp.cuh"
#include "kernels/embedding/embedding_tables_cuda.h"

namespace cloze {
namespace {

constexpr int threads = 256;  // rows looked through at a time, and a group of columns each
constexpr int warps = threads / warp_lanes;

template <typename T>
__global__ void __launch_bounds__(threads) positions_kernel(EmbeddingBackward op) {
  __shared__ unsigned found[2][warps];  // of each warp, its rows at this position, one bit each
  const int hidden = static_cast<int>(op.sum_gradient.columns);
  const int column = static_cast<int>(threadIdx.x) * group;
  const int position = static_cast<int>(blockIdx.x);
  const int64_t live = op.output_gradient.live_rows();
  float sums[group] = {};
  int half = 0;
  for (int64_t first = 0; first < live; first += threads, half ^= 1) {
    const int64_t row = first + static_cast<int>(threadIdx.x);
    const bool here = row < live && *op.positions.row<int32_t>(row) == position;
    const unsigned bits = __ballot_sync(whole_warp, here);
    if (lane_index() == 0) found[half][warp_index()] = bits;
    __syncthreads();
    if (column >= hidden) continue;
    for (int warp = 0; warp < warps; ++warp)
      for (unsigned left = found[half][warp]; left != 0; left &= left - 1) {
        const int64_t match = first + warp * warp_lanes + __ffs(static_cast<int>(left)) - 1;
        float values[group];
        load_group(op.sum_gradient.row<T>(match) + column, values);
#pragma unroll
        for (int i = 0; i < group; ++i) sums[i] += values[i];
      }
  }
  if (column >= hidden) return;
  float* target = op.position_gradient.row<float>(position) + column;
  if (op.mode == GradientMode::accumulate) {
    float present[group];
    load_group(target, present);
#pragma unroll
    for (int i = 0; i < group; ++i) sums[i] += present[i];
  }
  store_group(target, sums);
}

}  // namespace

void add_position_rows(Cuda& device, const EmbeddingBackward& op) {
  with_storage_type(op.sum_gradient, "embedding_backward", [&]<typename T>(T) {
    launch(device, {op.position_gradient.rows, threads}, positions_kernel<T>, op);
  });
}

}  // namespace cloze
