#include "kernels/common/launch.h"
#include "kernels/common/scaled_sum_cuda.h"
#include "kernels/common/warp.cuh"

namespace cloze {
namespace {

constexpr int threads = 1024;

// Every thread its values, the threads in a fixed order.
__global__ void __launch_bounds__(threads) scaled_sum_kernel(Tensor values, Tensor scale, Tensor sum) {
  __shared__ double scratch[threads / warp_lanes];
  const int64_t columns = values.columns, count = values.live_rows() * columns;
  double mine = 0;
  for (int64_t i = static_cast<int64_t>(threadIdx.x); i < count; i += threads)
    mine += static_cast<double>(values.row<float>(i / columns)[i % columns]);
  const double total = block_sum(mine, scratch);
  if (threadIdx.x == 0)
    *sum.as<float>() = static_cast<float>(static_cast<double>(*scale.as<float>()) * total);
}

}  // namespace

void scaled_sum(Cuda& device, const Tensor& values, const Tensor& scale, const Tensor& sum) {
  launch(device, {1, threads}, scaled_sum_kernel, values, scale, sum);
}

}  // namespace cloze
