#include "kernels/common/column_sum.cuh"

#include "kernels/common/column_sum_cuda.h"
#include "kernels/common/launch.h"

namespace cloze {
namespace {

constexpr int finish_columns = 32;  // of a block: one per lane
constexpr int finish_warps = 8;

// A warp adds every eighth chunk; the warps' sums are then added in order. blockIdx.y: which of the three.
__global__ void finish_kernel(const float* all_partials, Tensor counted, int64_t partial_stride, int columns,
                              bool accumulate, ThreeSums three) {
  float* sums = blockIdx.y == 0 ? three.sums[0] : blockIdx.y == 1 ? three.sums[1] : three.sums[2];
  if (sums == nullptr) return;
  const float* partials = all_partials + int64_t{blockIdx.y} * columns;
  __shared__ float warp_sums[finish_warps][finish_columns];
  const int column = static_cast<int>(blockIdx.x) * finish_columns + lane_index();
  const int64_t chunks = column_sum_chunks(counted.live_rows());
  float sum = 0;
  if (column < columns)
    for (int64_t chunk = warp_index(); chunk < chunks; chunk += finish_warps)
      sum += partials[chunk * partial_stride + column];
  warp_sums[warp_index()][lane_index()] = sum;
  __syncthreads();
  if (warp_index() != 0 || column >= columns) return;
  float total = accumulate ? sums[column] : 0.0f;
#pragma unroll
  for (int warp = 0; warp < finish_warps; ++warp) total += warp_sums[warp][lane_index()];
  sums[column] = total;
}

int64_t finish_blocks(int64_t columns) {
  return (columns + finish_columns - 1) / finish_columns;
}

}  // namespace

void finish_column_sums(Cuda& device, const float* partials, const Tensor& counted, int64_t partial_stride,
                        int64_t columns, GradientMode mode, float* sums) {
  launch(device, {finish_blocks(columns), finish_warps * warp_lanes}, finish_kernel, partials, counted,
         partial_stride, static_cast<int>(columns), mode == GradientMode::accumulate, ThreeSums{{sums}});
}

void finish_three_column_sums(Cuda& device, const float* partials, const Tensor& counted, int64_t columns,
                              GradientMode mode, const ThreeSums& three) {
  launch(device, {finish_blocks(columns), finish_warps * warp_lanes, 0, 3}, finish_kernel, partials, counted,
         3 * columns, static_cast<int>(columns), mode == GradientMode::accumulate, three);
}

}  // namespace cloze
